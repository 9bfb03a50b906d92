import { KafkaError } from './KafkaError.js'

/** The first time that a topic to be written is not there. */
export const missingTopic = (topic: string, maxBlockMs: number): string =>
  `Topic ${topic} does not exist (UNKNOWN_TOPIC_OR_PARTITION), or this principal may not see it. What is to be written there waits, up to ` +
  `max.block.ms (${maxBlockMs} ms). Create it, look for a typing error, or let the brokers create it (auto.create.topics.enable=true).`

/** It has come since. */
export const topicThere = (topic: string): string => `Topic ${topic} is there now; what waited for it is written.`

/** `max.block.ms` is over. Retriable, since the topic may be created. Java's words come first. */
export const topicNotPresent = (topic: string, maxBlockMs: number, cause: KafkaError): KafkaError =>
  new KafkaError({
    _tag: 'DeliveryTimeout',
    retriable: true,
    fatal: true,
    topic,
    code: cause.code,
    codeName: cause.codeName,
    message:
      `Topic ${topic} not present in metadata after ${maxBlockMs} ms (max.block.ms). ${cause.message} Create the topic before the job ` +
      'starts, or let the brokers create it (auto.create.topics.enable=true).',
    cause,
  })
