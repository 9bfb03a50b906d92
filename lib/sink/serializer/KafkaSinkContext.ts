/** What a serializer may ask of the sink it works in. */
export interface KafkaSinkContext {
  readonly parallelInstanceId: number
  readonly numberOfParallelInstances: number
  /**
   * The partition numbers of a topic. When they are not known yet, the call does not return: the sink asks the cluster and
   * serializes the element again, so a serializer must not count its calls.
   */
  partitionsForTopic(topic: string): readonly number[]
}
