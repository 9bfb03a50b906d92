import type { Subscription } from 'rxjs'
import { isThenable } from '../../checks/isThenable.js'
import type { ConsumerRecord } from '../../client/ConsumerRecord.js'
import type { Logger } from '../../client/KafkaConfig.js'
import type { FetchedRecords, KafkaFetcher } from '../../client/KafkaFetcher.js'
import type { Offset } from '../../client/Offset.js'
import type { PartitionLog } from '../../client/PartitionLog.js'
import { batchEnd } from '../../stream/BatchEnd.js'
import { diverts } from '../deadletter/deadLetter.js'
import { DeadLetterRecord } from '../deadletter/DeadLetterRecord.js'
import type { KafkaSourceConfig } from '../KafkaSourceConfig.js'
import { answeredLate } from '../deserializer/answeredLate.js'
import { SourceError } from '../SourceError.js'
import type { KafkaPartitionSplitState } from '../split/KafkaPartitionSplitState.js'
import type { KafkaSourceReaderMetrics } from './KafkaSourceReaderMetrics.js'
import type { RecordsInFlight } from './RecordsInFlight.js'
import type { SplitStream } from './SplitStream.js'

/** Until a split looks again whether there is room for what its next batch is decompressed to, ms. */
const ROOM_INTERVAL = 10

/** What the readers of all splits share. */
export interface SplitReaderContext<T> {
  readonly config: Pick<KafkaSourceConfig<T>, 'consumer' | 'deserializer' | 'deserializationErrorPolicy'>
  readonly fetcher: KafkaFetcher
  readonly metrics: KafkaSourceReaderMetrics
  readonly logger: Pick<Logger, 'warn'>
  readonly inFlight: RecordsInFlight
  /** The split may have something to do: asks for a turn of the loop. */
  readonly wake: (reader: SplitReader<T>) => void
  /** The same in so many ms. @returns closed when it is so */
  readonly wakeLater: (reader: SplitReader<T>, ms: number) => Subscription
}

/** Reads one split: fetches ahead by one, and turns what was fetched into records, batch by batch. */
export class SplitReader<T> {
  /** The record whose values are being sent: for messages. */
  emitting: ConsumerRecord | undefined
  /** what the deserializer has made of the record at hand */
  private readonly values: T[] = []
  private made = 0
  private deserializing = false
  private ended = false
  /** open while there is no room for what its next batch is decompressed to */
  private waitingForRoom: Subscription | undefined
  /** the batch that was sent last is not at its end */
  private interrupted = false
  /** values that left since the last count */
  private emitted = 0
  /** records that were sent and not acknowledged */
  private inFlight = 0
  /** Its type says that it returns nothing, to which an async function does not keep. */
  private readonly deserializer: { deserialize(record: ConsumerRecord, emit: (value: T) => void): unknown }

  constructor(
    readonly state: KafkaPartitionSplitState,
    private readonly output: SplitStream<T>,
    private readonly context: SplitReaderContext<T>,
  ) {
    this.deserializer = context.config.deserializer
  }

  /** Begins to fetch, unless there is nothing to be read. */
  start(): void {
    const { state } = this
    if (state.finished) return this.finish()
    const { topicId, leaderEpoch } = state
    this.context.fetcher.assign(state.topicPartition, state.position, { topicId, leaderEpoch })
  }

  /** Something can be sent, or is to be asked for; or its end is to be told. */
  get readable(): boolean {
    const { state } = this
    if (this.ended || !this.output.live) return false
    if (state.finished) return true
    if (this.output.paused) return false
    if (state.fetches.length === 0) return !state.requested
    return state.demand && this.waitingForRoom?.closed !== false
  }

  /** Nothing is to come from it. */
  get finished(): boolean {
    return this.state.finished || this.output.abandoned
  }

  onFetched(fetched: FetchedRecords): void {
    const { state } = this
    const { config, metrics } = this.context
    state.requested = false
    if (this.ended) return
    state.fetches.push({ fetched, arrivedAt: metrics.timeOfDay() })
    state.onLog(fetched, config.consumer.fetcher.isolationLevel, metrics.now())
    state.topicId ??= fetched.topicId
    metrics.onFetched(fetched.bytes)
  }

  /** There are no records to be had; where the log ends is known all the same. */
  onLog(log: PartitionLog): void {
    this.state.onLog(log, this.context.config.consumer.fetcher.isolationLevel, this.context.metrics.now())
  }

  /** Is asked for again: it was not to be had. */
  retry(): void {
    this.state.requested = false
    this.context.wake(this)
  }

  /** Reading goes on elsewhere: the position was not in the log. Called from outside of the loop, so it sends nothing. */
  seek(offset: Offset): void {
    if (this.ended) return
    const { topicId, topicPartition } = this.state
    this.context.fetcher.assign(topicPartition, offset, { topicId })
    this.state.leaderEpoch = undefined
    this.state.requested = false
    if (this.state.fetches.length === 0) this.state.moveTo(offset)
    this.context.wake(this)
  }

  /**
   * Sends at most `max` records and the end of their batch. Returns how many.
   *
   * @param interrupt called after each record, when `next()` has returned; true ends the batch at once
   */
  readBatch(max: number, interrupt: () => boolean): number {
    if (this.state.finished) {
      this.finish()
      return 0
    }
    const { state } = this
    const fetch = state.fetches[0]
    if (fetch === undefined) {
      this.request()
      return 0
    }
    const { fetched, arrivedAt } = fetch
    // One in work, one on its way.
    if (state.fetches.length === 1) this.request()
    const records = fetched.take(max)
    if (records.length === 0 && !fetched.exhausted) {
      this.waitingForRoom = this.context.wakeLater(this, ROOM_INTERVAL)
      return 0
    }
    // Before what it is the epoch of: an epoch that is older than the position would make it look truncated.
    if (fetched.leaderEpoch !== undefined && fetched.leaderEpoch >= 0) state.leaderEpoch = fetched.leaderEpoch
    const read = this.sendAll(records, interrupt)
    if (this.interrupted) {
      this.count(read, arrivedAt)
      return read
    }
    state.moveTo(fetched.position)
    if (fetched.exhausted) state.fetches.shift()
    if (read > 0) {
      this.count(read, arrivedAt)
      this.endBatch(read)
    } else {
      state.passed()
    }
    if (state.finished) this.finish()
    return read
  }

  /** What is done for each record. Returns how many were sent, up to the stopping offset or until it was interrupted. */
  private sendAll(records: readonly ConsumerRecord[], interrupt: () => boolean): number {
    const { state, output } = this
    this.interrupted = false
    for (let read = 0; read < records.length; read++) {
      const record = records[read]!
      const { offset } = record
      if (offset >= state.stoppingOffset) return read
      this.emit(record)
      state.position = offset + 1
      state.currentOffset = offset
      if (interrupt() || !output.live) {
        this.interrupted = true
        return read + 1
      }
    }
    return records.length
  }

  /** Lets go of what was fetched. */
  close(): void {
    this.state.fetches.length = 0
  }

  /** It has nothing to send now. What one has sent that is not listened to any more is not waited for. */
  rest(): void {
    if (this.output.abandoned) this.tookOver(this.inFlight)
  }

  drop(): void {
    this.tookOver(this.inFlight)
    this.stop()
    this.output.drop()
  }

  /** Nothing is sent before the deserializer has returned: a record is emitted, or it is one that cannot be read, never both. */
  private readonly take = (value: T): void => {
    if (!this.deserializing) throw answeredLate(`a value after its call, for ${this.state.key}`)
    this.values[this.made++] = value
  }

  private count(read: number, arrivedAt: number): void {
    this.context.metrics.onEmitted(read, this.emitted, this.output.timestamp, arrivedAt)
    this.emitted = 0
  }

  private emit(record: ConsumerRecord): void {
    const { values, output } = this
    // Only -1 says that there is none; the years before 1970 are event times too.
    const timestamp = record.timestamp === -1 ? -Infinity : record.timestamp
    this.emitting = record
    if (this.deserialize(record, timestamp)) {
      const { made } = this
      for (let i = 0; i < made; i++) {
        const value = values[i] as T
        if (isThenable(value)) throw answeredLate('a value that is a promise')
        values[i] = undefined as T
        output.record(value, timestamp)
      }
      this.emitted += made
    }
    this.emitting = undefined
  }

  /** The error policy is for this alone: what goes wrong where the values are sent to is no fault of the record. */
  private deserialize(record: ConsumerRecord, timestamp: number): boolean {
    this.made = 0
    this.deserializing = true
    let returned: unknown
    try {
      returned = this.deserializer.deserialize(record, this.take)
    } catch (error) {
      this.deserializing = false
      this.onFailure(record, error, timestamp)
      return false
    }
    this.deserializing = false
    if (isThenable(returned)) {
      // It is told of here, whatever becomes of it.
      returned.then(undefined, () => undefined)
      throw answeredLate('a promise')
    }
    return true
  }

  private onFailure(record: ConsumerRecord, cause: unknown, timestamp: number): void {
    const { deserializationErrorPolicy: policy } = this.context.config
    this.context.metrics.onDeserializationError()
    if (diverts(policy)) return this.output.deadLetter(new DeadLetterRecord(record, cause), timestamp)
    const reason = cause instanceof Error ? cause.message : String(cause)
    const what = `Failed to deserialize consumer record at offset ${record.offset} of ${this.state.key} due to: ${reason}`
    if (policy === 'skip') return this.context.logger.warn(`${what} It is skipped.`)
    throw new SourceError(
      'Deserialization',
      `${what} Mend the deserializer, or let setDeserializationErrorPolicy skip such records or divert them to a deadLetter(…).`,
      cause,
    )
  }

  private request(): void {
    if (this.state.requested) return
    this.state.requested = true
    this.context.fetcher.request(this.state.topicPartition)
  }

  private endBatch(records: number): void {
    const acknowledge = this.state.send(this.context.metrics.now)
    this.inFlight += records
    this.context.inFlight.records += records
    this.output.next(
      batchEnd(() => {
        acknowledge()
        this.tookOver(records)
        this.context.wake(this)
      }, this.state.key),
    )
  }

  /** Less when it was not waited for any more. */
  private tookOver(records: number): void {
    const known = Math.min(records, this.inFlight)
    this.inFlight -= known
    this.context.inFlight.records -= known
  }

  private finish(): void {
    this.stop()
    this.output.finish()
  }

  private stop(): void {
    this.ended = true
    this.close()
    this.context.fetcher.unassign(this.state.topicPartition)
  }
}
