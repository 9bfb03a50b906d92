import { described, describedType } from '../checks/described.js'
import { type Header, noHeaders } from './Headers.js'
import { KafkaError } from './KafkaError.js'
import type { ProducerRecord } from './ProducerRecord.js'
import { memberOf } from '../checks/memberOf.js'

/**
 * Refuses what is no record. Every producer asks it as a record comes in, before anything is done with it: later, nothing could be
 * said about where it came from, and a partition -1 or a value without a length breaks what it meets (KAFKA-7572).
 *
 * Asked for each record, so it compares and allocates nothing. The name of a topic is looked at by {@link checkTopicName}, when
 * the topic is new to the producer. Messages are those of Kafka's `ProducerRecord` where it has one.
 *
 * @throws KafkaError `InvalidRecord`
 */
export const checkProducerRecord = (record: ProducerRecord): void => {
  const { topic, partition, key, value, timestamp, headers } = record
  if (typeof topic !== 'string') checkTopicName(topic)
  if (partition !== undefined && !isPartition(partition)) throw invalidPartition(topic, partition)
  if (!isBytes(value)) throw noBytes(topic, 'value', value)
  if (key !== undefined && !isBytes(key)) throw noBytes(topic, 'key', key)
  if (timestamp !== undefined && !isTimestamp(timestamp))
    throw invalid(topic, `Invalid timestamp: ${described(timestamp)}. ${timestampRule}`)
  if (headers !== undefined && headers !== noHeaders) checkHeaders(topic, headers)
}

/**
 * Refuses what is no name of a topic, in the words of Kafka's `Topic.validate`. A broker would be asked for it again and again.
 *
 * @throws KafkaError `InvalidRecord`
 */
export function checkTopicName(topic: unknown): asserts topic is string {
  const fault = faultOfTopic(topic)
  if (fault === undefined) return
  throw new KafkaError({
    _tag: 'InvalidRecord',
    message: `A record cannot be written: ${fault} Check the topic selector, or the serializer: each record has the name of a topic.`,
    ...(typeof topic === 'string' ? { topic } : {}),
  })
}

/** What is no partition, though it was given as one. */
export const invalidPartition = (topic: string, partition: unknown): KafkaError =>
  invalid(
    topic,
    `Invalid partition: ${described(partition)}. Partition number should always be non-negative or null: ${described(partition)} is ` +
      `no partition of ${topic}, which are whole numbers from 0. Check the partitioner, or the serializer.`,
    partition,
  )

/** What is no bytes, though it was given as a key or value. Its content is nobody's business. */
export const noBytes = (topic: string, what: 'key' | 'value', given: unknown): KafkaError =>
  invalid(
    topic,
    `its ${what} is ${describedType(given)}. A ${what} is bytes (a Uint8Array, as Buffer is), a text or null. Check what serializes it.`,
  )

const MAX_TOPIC_LENGTH = 249

const faultOfTopic = (topic: unknown): string | undefined => {
  if (topic === null || topic === undefined) return `Topic cannot be null. It is ${String(topic)}.`
  if (typeof topic !== 'string') return `the topic is ${describedType(topic)}, and no text.`
  const fault = faultOfName(topic)
  return fault === undefined ? undefined : `Topic name is invalid: ${fault}.`
}

const faultOfName = (name: string): string | undefined => {
  if (name === '') return 'the empty string is not allowed'
  if (name === '.' || name === '..') return `'${name}' is not allowed`
  if (name.length > MAX_TOPIC_LENGTH)
    return `the length of ${described(name)} is longer than the max allowed length ${MAX_TOPIC_LENGTH}`
  if (!/^[a-zA-Z0-9._-]+$/.test(name))
    return `${described(name)} contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`
  return undefined
}

/** An int32 from 0. */
const isPartition = (given: unknown): boolean => typeof given === 'number' && (given | 0) === given && given >= 0

/** Text, null, or an array of single bytes, of any realm. */
const isBytes = (given: unknown): boolean =>
  typeof given === 'string' ||
  given === null ||
  given instanceof Uint8Array ||
  (ArrayBuffer.isView(given) && memberOf(given, 'BYTES_PER_ELEMENT') === 1)

/** Null says none, as in Java. */
const isTimestamp = (given: unknown): boolean =>
  given === null || (typeof given === 'number' && given >= 0 && given <= Number.MAX_SAFE_INTEGER)

const checkHeaders = (topic: string, headers: unknown): void => {
  if (!Array.isArray(headers)) throw invalid(topic, `its headers are ${describedType(headers)}. ${headersRule}`)
  for (const header of headers as readonly (Partial<Header> | null | undefined)[]) {
    const { key, value } = header ?? {}
    if (typeof key !== 'string') throw invalid(topic, `the key of a header is ${describedType(key)}. ${headersRule}`)
    if (typeof value === 'string' || !isBytes(value))
      throw invalid(topic, `the value of the header ${described(key)} is ${describedType(value)}. ${headersRule}`)
  }
}

const timestampRule =
  'Timestamp should always be non-negative or null: ms since the epoch as a number, or undefined for none.'
const headersRule =
  'Headers are an array of { key, value }: the key is a text, the value bytes (a Uint8Array: Buffer.from(text)) or null.'

const invalid = (topic: string, what: string, partition?: unknown): KafkaError =>
  new KafkaError({
    _tag: 'InvalidRecord',
    message: `A record for ${topic} cannot be written: ${what}`,
    topic,
    ...(typeof partition === 'number' ? { partition } : {}),
  })
