/** What a serializer may ask of the sink it works in. */
export interface KafkaSinkContext {
  /** The subtask, from 0. Flink's name. */
  readonly parallelInstanceId: number
  /** The parallelism of the job; 1 for a stream that does not say. Flink's name. */
  readonly numberOfParallelInstances: number
  /**
   * The partition numbers of a topic. When they are not known yet, the call does not return: the sink asks the cluster and
   * serializes the element again, so a serializer must not count its calls.
   */
  partitionsForTopic(topic: string): readonly number[]
}
