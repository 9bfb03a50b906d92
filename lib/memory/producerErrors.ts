import type { ProducerConfig } from '../client/KafkaConfig.js'
import { isTransient } from '../client/isTransient.js'
import { KafkaError } from '../client/KafkaError.js'
import type { ProducerRecord } from '../client/ProducerRecord.js'

/** An error that may pass and comes here all the same has used up `delivery.timeout.ms`, unless it says itself what time is over. */
export const inTime = (
  error: KafkaError,
  topic: string,
  partition: number,
  { deliveryTimeoutMs }: ProducerConfig,
): KafkaError =>
  !isTransient(error) || error._tag === 'DeliveryTimeout'
    ? error
    : new KafkaError({
        _tag: 'DeliveryTimeout',
        retriable: true,
        fatal: true,
        message:
          `Records of ${topic}${partition < 0 ? '' : `-${partition}`} could not be written within delivery.timeout.ms ` +
          `(${deliveryTimeoutMs}). The last error was: ${error.message}`,
        topic,
        ...(partition < 0 ? {} : { partition }),
        cause: error,
      })

export const recordTooLarge = ({ topic }: ProducerRecord, size: number, limit: number): KafkaError =>
  new KafkaError({
    _tag: 'RecordTooLarge',
    message: `A record of ${size} bytes for ${topic} is larger than max.request.size (${limit}). Raise it, or send less.`,
    topic,
  })

export const producerClosed = (): KafkaError =>
  new KafkaError({ _tag: 'IllegalState', message: 'The producer is closed. Make a new one.' })
