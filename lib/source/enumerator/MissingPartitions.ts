import { type TopicPartition, topicPartitionKey } from '../../client/TopicPartition.js'

/** Rounds in a row in which a partition is missing until it is gone: a broker that has just started may not know it yet. */
const MISSING_ROUNDS = 3

/** In how many discoveries in a row each known partition was not in the cluster. */
export class MissingPartitions {
  private rounds: ReadonlyMap<string, number> = new Map()

  /** Notes what one more discovery did not find; returns what is gone since this one. */
  note(missing: readonly TopicPartition[]): readonly TopicPartition[] {
    const before = this.rounds
    const rounds = (partition: TopicPartition): number => (before.get(topicPartitionKey(partition)) ?? 0) + 1
    this.rounds = new Map(missing.map((partition) => [topicPartitionKey(partition), rounds(partition)]))
    return missing.filter((partition) => rounds(partition) === MISSING_ROUNDS)
  }
}
