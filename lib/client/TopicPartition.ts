/**
 * One partition of one topic. Plain objects of the same shape are accepted wherever this class is.
 *
 * @example
 * ```ts
 * String(new TopicPartition('flights', 3)) // 'flights-3'
 * ```
 */
export class TopicPartition {
  constructor(
    /** the name of the topic */
    readonly topic: string,
    /** counted from 0 */
    readonly partition: number,
  ) {}

  /** `topic-partition`, as in Kafka's logs and as the key of all maps by partition. */
  toString(): string {
    return topicPartitionKey(this)
  }
}

/** The partition as a map key, in Kafka's own notation: `topic-partition`. A topic may hold dashes; the last one divides. */
export const topicPartitionKey = (tp: { readonly topic: string; readonly partition: number }): string =>
  `${tp.topic}-${tp.partition}`

/** By topic, then by partition: the order in which Flink's enumerator assigns. */
export const compareTopicPartitions = (a: TopicPartition, b: TopicPartition): number =>
  a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition
