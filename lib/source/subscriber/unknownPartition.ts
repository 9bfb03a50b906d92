import { KafkaError } from '../../client/KafkaError.js'

/** A topic or a partition that the brokers do not know. Retriable: it may be created. */
export const unknownPartition = (message: string, topic: string): KafkaError =>
  new KafkaError({
    _tag: 'Broker',
    code: 3,
    codeName: 'UNKNOWN_TOPIC_OR_PARTITION',
    retriable: true,
    topic,
    message,
  })
