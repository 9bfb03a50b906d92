import type { ConsumerRecord } from '../../client/ConsumerRecord.js'
import type { Logger } from '../../client/KafkaConfig.js'
import type { FetchedRecords, KafkaFetcher } from '../../client/KafkaFetcher.js'
import type { Offset } from '../../client/Offset.js'
import { batchEnd } from '../../stream/BatchEnd.js'
import { diverts } from '../deadletter/deadLetter.js'
import { DeadLetterRecord } from '../deadletter/DeadLetterRecord.js'
import type { KafkaSourceConfig } from '../KafkaSourceConfig.js'
import { SourceError } from '../SourceError.js'
import type { KafkaPartitionSplitState } from '../split/KafkaPartitionSplitState.js'
import type { KafkaSourceReaderMetrics } from './KafkaSourceReaderMetrics.js'
import type { SplitOutput } from './SourceOutput.js'

/** Reads one split: fetches ahead by one, and turns what was fetched into records, batch by batch. */
export class SplitReader<T> {
  private timestamp = -Infinity
  private ended = false
  /** values that left since the last count */
  private emitted = 0

  constructor(
    readonly state: KafkaPartitionSplitState,
    private readonly output: SplitOutput<T>,
    private readonly fetcher: KafkaFetcher,
    private readonly config: KafkaSourceConfig<T>,
    private readonly metrics: KafkaSourceReaderMetrics,
    private readonly logger: Logger,
    private readonly wake: () => void,
  ) {}

  /** Begins to fetch, unless there is nothing to be read. */
  start(): void {
    const { state } = this
    if (state.finished) return this.finish()
    this.fetcher.assign(state.topicPartition, state.position)
  }

  /** Something can be sent, or is to be asked for; or its end is to be told. */
  get readable(): boolean {
    const { state } = this
    if (this.ended || !this.output.live) return false
    if (state.finished) return true
    if (this.output.paused) return false
    return state.fetches.length > 0 ? state.demand : !state.requested
  }

  /** Nothing is to come from it. */
  get finished(): boolean {
    return this.state.finished || this.output.abandoned
  }

  onFetched(fetched: FetchedRecords): void {
    const { state, config, metrics } = this
    state.requested = false
    if (this.ended) return
    state.fetches.push({ fetched, arrivedAt: metrics.now() })
    const { isolationLevel } = config.consumer.fetcher
    state.logEnd = isolationLevel === 'read_committed' ? fetched.lastStableOffset : fetched.highWatermark
    state.logStart = fetched.logStartOffset
    metrics.onFetched(fetched.bytes)
  }

  /** Reading goes on elsewhere: the position was not in the log. Called from outside of the loop, so it sends nothing. */
  seek(offset: Offset): void {
    if (this.ended) return
    this.fetcher.assign(this.state.topicPartition, offset)
    this.state.requested = false
    if (this.state.fetches.length === 0) this.state.moveTo(offset)
  }

  /**
   * Sends at most `max` records and the end of their batch.
   *
   * @param interrupt called after each record, when `next()` has returned; true ends the batch at once
   */
  readBatch(max: number, interrupt: () => boolean): void {
    if (this.state.finished) return this.finish()
    const { state } = this
    const fetch = state.fetches[0]
    if (fetch === undefined) return this.request()
    const { fetched, arrivedAt } = fetch
    // One in work, one on its way.
    if (state.fetches.length === 1) this.request()
    const records = fetched.take(max)
    let read = 0
    for (; read < records.length; read++) {
      const record = records[read]!
      if (record.offset >= state.stoppingOffset) break
      this.emit(record)
      state.position = record.offset + 1
      state.currentOffset = record.offset
      if (interrupt() || !this.output.live) {
        this.count(read + 1, arrivedAt)
        return
      }
    }
    state.moveTo(fetched.position)
    if (fetched.exhausted) state.fetches.shift()
    if (read > 0) {
      this.count(read, arrivedAt)
      this.endBatch()
    } else {
      state.passed()
    }
    if (state.finished) this.finish()
  }

  /** Lets go of what was fetched. */
  close(): void {
    this.state.fetches.length = 0
  }

  drop(): void {
    this.stop()
    this.output.drop()
  }

  private readonly send = (value: T): void => {
    this.output.record(value, this.timestamp)
    this.emitted += 1
  }

  private count(read: number, arrivedAt: number): void {
    this.metrics.onEmitted(read, this.emitted, this.output.timestamp, arrivedAt)
    this.emitted = 0
  }

  private emit(record: ConsumerRecord): void {
    this.timestamp = record.timestamp < 0 ? -Infinity : record.timestamp
    try {
      this.config.deserializer.deserialize(record, this.send)
    } catch (error) {
      this.onFailure(record, error)
    }
  }

  private onFailure(record: ConsumerRecord, cause: unknown): void {
    const { deserializationErrorPolicy: policy } = this.config
    this.metrics.onDeserializationError()
    if (diverts(policy)) return this.output.deadLetter(new DeadLetterRecord(record, cause), this.timestamp)
    const reason = cause instanceof Error ? cause.message : String(cause)
    const what = `Failed to deserialize consumer record at offset ${record.offset} of ${this.state.key} due to: ${reason}`
    if (policy === 'skip') return this.logger.warn(`${what} It is skipped.`)
    throw new SourceError(
      'Deserialization',
      `${what} Mend the deserializer, or let setDeserializationErrorPolicy skip such records or divert them to a deadLetter(…).`,
      cause,
    )
  }

  private request(): void {
    if (this.state.requested) return
    this.state.requested = true
    this.fetcher.request(this.state.topicPartition)
  }

  private endBatch(): void {
    const acknowledge = this.state.send(this.metrics.now)
    this.output.batchEnd(
      batchEnd(() => {
        acknowledge()
        this.wake()
      }, this.state.key),
    )
  }

  private finish(): void {
    this.stop()
    this.output.finish()
  }

  private stop(): void {
    this.ended = true
    this.close()
    this.fetcher.unassign(this.state.topicPartition)
  }
}
