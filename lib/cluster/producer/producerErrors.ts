import { KafkaError } from '../../client/KafkaError.js'

export const producerClosed = (): KafkaError =>
  new KafkaError({
    _tag: 'IllegalState',
    message: 'The producer is closed. What it had not sent is given up; make a new producer to write on.',
  })

export const recordsGivenUp = (): KafkaError =>
  new KafkaError({
    _tag: 'IllegalState',
    message: 'The records were given up by abort() before they were acknowledged.',
  })

export const deliveryTimeout = (
  topic: string,
  partition: number | undefined,
  ms: number,
  cause?: KafkaError,
): KafkaError =>
  new KafkaError({
    _tag: 'DeliveryTimeout',
    retriable: true,
    fatal: true,
    topic,
    partition,
    cause,
    message:
      `A record for ${topic}${partition === undefined ? '' : `-${partition}`} could not be written within delivery.timeout.ms ` +
      `(${ms} ms)${cause === undefined ? '; no broker refused it, so the connection or the broker is too slow for the rate of records' : `. Last trouble: ${cause.message}`}` +
      ' The producer stops here, so that nothing is written out of order; a restart goes on from the last checkpoint.',
  })

/** No leader is known: the partition does not exist, or its leader is being elected. */
export const withoutLeader = (topic: string, partition: number, partitions: number | undefined): KafkaError =>
  new KafkaError({
    _tag: 'Broker',
    retriable: true,
    topic,
    partition,
    message:
      partitions !== undefined && partition >= partitions
        ? `${topic} has ${partitions} partitions, so there is no partition ${partition}. Check the partitioner.`
        : `${topic}-${partition} has no leader now. As a rule one is elected within seconds.`,
  })

/** More attempts than `retries` allows. */
export const outOfRetries = (cause: KafkaError, retries: number): KafkaError =>
  new KafkaError({
    ...facts(cause),
    message: `${cause.message} It was retried ${retries} times (retries), which is all that is allowed.`,
    cause,
  })

/** A batch of one record that the topic refuses for its size. */
export const recordRefused = (cause: KafkaError, bytes: number): KafkaError =>
  new KafkaError({
    ...facts(cause),
    message: `${cause.message} The batch holds a single record and takes ${bytes} bytes, so it cannot be split.`,
    cause,
  })

const facts = ({ _tag, retriable, code, codeName, api, topic, partition }: KafkaError) => ({
  _tag,
  retriable,
  fatal: true,
  code,
  codeName,
  api,
  topic,
  partition,
})
