import { ConsumerRecord, type TimestampType } from '../client/ConsumerRecord.js'
import { type Headers, noHeaders } from '../client/Headers.js'
import type { Offset } from '../client/Offset.js'
import type { BatchWriter } from './ProducerStates.js'
import { ReceivedBatch } from './ReceivedBatch.js'

/** A record on its way into a log: all that it has but its place there. Key and value stand one after the other. */
export interface UnplacedRecord {
  readonly timestamp: number
  readonly buffer: Buffer
  /** where the key begins in `buffer`, or the value without one */
  readonly start: number
  /** -1: null */
  readonly keyLength: number
  /** -1: null */
  readonly valueLength: number
  readonly headers: Headers
}

/** A transaction as one partition knows it. All its batches share this one object, and with it learn how it ended. */
export interface LogTransaction {
  readonly producerId: bigint
  readonly firstOffset: Offset
  outcome: 'open' | 'committed' | 'aborted'
}

/** The unit of a log: what one produce request wrote to a partition, or one transaction marker. */
export interface LogBatch {
  readonly baseOffset: Offset
  readonly lastOffset: Offset
  /** of the leader that wrote it */
  readonly leaderEpoch: number
  /** the ones kept: compaction removes records and leaves holes; a marker has none */
  readonly records: readonly ConsumerRecord[]
  readonly maxTimestamp: number
  readonly timestampType: TimestampType
  /** null: a producer without idempotence */
  readonly writer: BatchWriter | null
  readonly transaction: LogTransaction | null
  /** how the transaction of this marker ended; null for a batch of records */
  readonly marker: 'commit' | 'abort' | null
}

/** Where records are placed. */
export interface LogPlace {
  readonly topic: string
  readonly partition: number
  readonly leaderEpoch: number
  readonly baseOffset: Offset
  readonly timestampType: TimestampType
  /** ms; taken when the timestamp type is LogAppendTime */
  readonly now: number
}

/** What is to be written: records, or a batch of them in Kafka's format. */
export type Incoming = readonly UnplacedRecord[] | ReceivedBatch

export const countOf = (incoming: Incoming): number =>
  incoming instanceof ReceivedBatch ? incoming.count : incoming.length

export const placedBatch = (
  incoming: Incoming,
  place: LogPlace,
  writer: BatchWriter | null,
  transaction: LogTransaction | null,
): LogBatch =>
  incoming instanceof ReceivedBatch
    ? incoming.placed(place, transaction)
    : placedRecords(incoming, place, writer, transaction)

const placedRecords = (
  records: readonly UnplacedRecord[],
  place: LogPlace,
  writer: BatchWriter | null,
  transaction: LogTransaction | null,
): LogBatch => {
  let maxTimestamp = -1
  const placed: ConsumerRecord[] = []
  for (const record of records) {
    const timestamp = place.timestampType === 'LogAppendTime' ? place.now : record.timestamp
    if (timestamp > maxTimestamp) maxTimestamp = timestamp
    placed.push(toConsumerRecord(record, place, place.baseOffset + placed.length, timestamp))
  }
  return {
    baseOffset: place.baseOffset,
    lastOffset: place.baseOffset + records.length - 1,
    leaderEpoch: place.leaderEpoch,
    records: placed,
    maxTimestamp,
    timestampType: place.timestampType,
    writer,
    transaction,
    marker: null,
  }
}

export const markerBatch = (
  { baseOffset, leaderEpoch, now }: Pick<LogPlace, 'baseOffset' | 'leaderEpoch' | 'now'>,
  writer: Pick<BatchWriter, 'producerId' | 'epoch'>,
  transaction: LogTransaction | null,
  marker: 'commit' | 'abort',
): LogBatch => ({
  baseOffset,
  lastOffset: baseOffset,
  leaderEpoch,
  records: [],
  maxTimestamp: now,
  timestampType: 'CreateTime',
  writer: { ...writer, baseSequence: -1 },
  transaction,
  marker,
})

const toConsumerRecord = (
  { buffer, start, keyLength, valueLength, headers }: UnplacedRecord,
  { topic, partition, timestampType, leaderEpoch }: LogPlace,
  offset: Offset,
  timestamp: number,
): ConsumerRecord => {
  const keyEnd = start + Math.max(0, keyLength)
  return new ConsumerRecord({
    topic,
    partition,
    offset,
    timestamp,
    timestampType,
    leaderEpoch,
    buffer,
    keyStart: start,
    keyEnd: keyLength < 0 ? -1 : keyEnd,
    valueStart: keyEnd,
    valueEnd: valueLength < 0 ? -1 : keyEnd + valueLength,
    headersStart: 0,
    decodeHeaders: headers === noHeaders ? null : () => headers,
  })
}
