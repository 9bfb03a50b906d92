import { KafkaError } from '../../client/KafkaError.js'
import { ErrorCodes } from '../../protocol/errorCodes.js'

/** A topic or a partition that the brokers do not know. Retriable: it may be created. */
export const unknownPartition = (message: string, topic: string): KafkaError =>
  new KafkaError({
    _tag: 'Broker',
    code: ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION,
    codeName: 'UNKNOWN_TOPIC_OR_PARTITION',
    retriable: true,
    topic,
    message,
  })
