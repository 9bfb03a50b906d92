import type { ConsumerRecord } from '../../client/ConsumerRecord.js'
import type { Offset } from '../../client/Offset.js'
import { type TopicPartition, topicPartitionKey } from '../../client/TopicPartition.js'
import type { KafkaPartitionSplit } from '../split/KafkaPartitionSplit.js'
import type { KafkaPartitionSplitState } from '../split/KafkaPartitionSplitState.js'
import type { RecordsInFlight } from './RecordsInFlight.js'
import type { SplitReader } from './SplitReader.js'

/** Among so many splits a round is shared out; with more of them, batches do not become smaller: each costs something. */
const SHARES = 4
/** A pipeline that has not taken over so many rounds is behind: then each split has its share, however small. */
const ROUNDS_IN_FLIGHT = 2

/** The splits that a reader has been given, finished ones too. */
export class AssignedSplits<T> {
  private readonly readers = new Map<string, SplitReader<T>>()
  /**
   * Those that may have something to do, the one that has waited longest first. So a round costs what it reads, and not what is
   * assigned. One leaves when it is asked and has nothing; who changes that calls `wake`.
   */
  private readonly awake = new Set<SplitReader<T>>()
  /** what the pipeline has not taken over yet, of all splits */
  readonly inFlight: RecordsInFlight = { records: 0 }

  /** @param maxPollRecords records in a round, about */
  constructor(private readonly maxPollRecords: number) {}

  add(reader: SplitReader<T>): void {
    this.readers.set(reader.state.key, reader)
    this.awake.add(reader)
  }

  /** It may have something to do. */
  wake(reader: SplitReader<T>): void {
    this.awake.add(reader)
  }

  /** Any of them may. */
  wakeAll(): void {
    for (const reader of this.readers.values()) this.awake.add(reader)
  }

  get(partition: TopicPartition): SplitReader<T> | undefined {
    return this.readers.get(topicPartitionKey(partition))
  }

  drop(partition: TopicPartition): void {
    const reader = this.get(partition)
    if (reader === undefined) return
    reader.drop()
    this.awake.delete(reader)
    this.readers.delete(topicPartitionKey(partition))
  }

  /**
   * Reads a batch of each split that has one and may send it, until there are enough records for a round; the next one goes on with the
   * split behind. Returns whether there was any.
   *
   * @param interrupt called after each record; true ends the round at once
   */
  readRound(interrupt: () => boolean): boolean {
    const { awake } = this
    let records = this.maxPollRecords
    let any = false
    let asked = awake.size
    for (const reader of awake) {
      awake.delete(reader)
      if (reader.readable) {
        records -= reader.readBatch(this.batch, interrupt)
        awake.add(reader)
        any = true
        if (records <= 0 || interrupt()) break
      } else {
        reader.rest()
      }
      // Those behind are asked again in the next round.
      if (--asked === 0) break
    }
    return any
  }

  /** The record that is being sent now: for messages. */
  get emitting(): ConsumerRecord | undefined {
    for (const { emitting } of this.readers.values()) if (emitting !== undefined) return emitting
    return undefined
  }

  /** Nothing is to come: each has reached its end, or was given up. */
  get finished(): boolean {
    return this.every((reader) => reader.finished)
  }

  /** The pipeline has taken over all there was. */
  get acknowledged(): boolean {
    return this.every(({ state }) => state.unacknowledged === 0)
  }

  get states(): readonly KafkaPartitionSplitState[] {
    return [...this.readers.values()].map(({ state }) => state)
  }

  /** Where they stand: for a checkpoint. */
  get splits(): readonly KafkaPartitionSplit[] {
    return this.states.map((state) => state.toSplit())
  }

  /** As far as the pipeline has taken over: for commits without checkpoints. */
  get acknowledgedPositions(): readonly (readonly [TopicPartition, Offset])[] {
    return this.states.map(({ topicPartition, acknowledgedPosition }) => [topicPartition, acknowledgedPosition])
  }

  /** Metrics outlive an attempt, and with them what they read from; not so what it had fetched. */
  close(): void {
    for (const reader of this.readers.values()) reader.close()
  }

  /**
   * Records in the next batch. While the pipeline keeps up, it is a quarter of a round at least; when it does not, what is in flight is to
   * stay bounded however many splits there are: it is memory, and a barrier goes behind it.
   */
  private get batch(): number {
    const { maxPollRecords, inFlight, readers } = this
    const behind = inFlight.records >= ROUNDS_IN_FLIGHT * maxPollRecords
    return Math.max(1, Math.floor(maxPollRecords / (behind ? readers.size : Math.min(readers.size, SHARES))))
  }

  private every(holds: (reader: SplitReader<T>) => boolean): boolean {
    for (const reader of this.readers.values()) if (!holds(reader)) return false
    return true
  }
}
