import type { ConsumerRecord } from '../../client/ConsumerRecord.js'
import type { Offset } from '../../client/Offset.js'
import { type TopicPartition, topicPartitionKey } from '../../client/TopicPartition.js'
import type { KafkaPartitionSplit } from '../split/KafkaPartitionSplit.js'
import type { KafkaPartitionSplitState } from '../split/KafkaPartitionSplitState.js'
import type { SplitReader } from './SplitReader.js'

/** The splits that a reader has been given, finished ones too. */
export class AssignedSplits<T> {
  private readonly readers = new Map<string, SplitReader<T>>()

  /** @param maxPollRecords records in a round of batches, one of each split */
  constructor(private readonly maxPollRecords: number) {}

  add(reader: SplitReader<T>): void {
    this.readers.set(reader.state.key, reader)
  }

  get(partition: TopicPartition): SplitReader<T> | undefined {
    return this.readers.get(topicPartitionKey(partition))
  }

  drop(partition: TopicPartition): void {
    this.get(partition)?.drop()
    this.readers.delete(topicPartitionKey(partition))
  }

  /**
   * Reads one batch of every split that has one and may send it; with many splits batches are small, so that a round is not longer.
   * Returns whether there was any.
   *
   * @param interrupt called after each record; true ends the round at once
   */
  readRound(interrupt: () => boolean): boolean {
    const max = Math.max(1, Math.floor(this.maxPollRecords / Math.max(1, this.readers.size)))
    let any = false
    for (const reader of this.readers.values()) {
      if (!reader.readable) continue
      reader.readBatch(max, interrupt)
      any = true
      if (interrupt()) break
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

  private every(holds: (reader: SplitReader<T>) => boolean): boolean {
    for (const reader of this.readers.values()) if (!holds(reader)) return false
    return true
  }
}
