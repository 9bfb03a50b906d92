/**
 * Which of `parallelism` subtasks reads a partition: the partitions of a topic go round, beginning at a subtask that the topic's
 * name decides. Flink's `KafkaSourceEnumerator.getSplitOwner`, in the same 32-bit arithmetic, so that both agree.
 *
 * @example
 * ```ts
 * // Of two subtasks, who reads the four partitions of the topic?
 * [0, 1, 2, 3].map((partition) => splitOwner({ topic: 'flights', partition }, 2)) // [1, 0, 1, 0]
 * ```
 */
export const splitOwner = (
  { topic, partition }: { readonly topic: string; readonly partition: number },
  parallelism: number,
): number => {
  const startIndex = (Math.imul(javaHashCode(topic), 31) & 0x7fffffff) % parallelism
  return (startIndex + partition) % parallelism
}

/** Java's `String.hashCode`, over UTF-16 units. */
const javaHashCode = (text: string): number => {
  let hash = 0
  for (let index = 0; index < text.length; index++) hash = (Math.imul(31, hash) + text.charCodeAt(index)) | 0
  return hash
}
