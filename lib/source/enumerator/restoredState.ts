import type { Restored } from '../../stream/Restored.js'
import { type KafkaSourceState, kafkaSourceState } from './KafkaSourceEnumState.js'
import { splitOwner } from './splitOwner.js'

/**
 * What a subtask goes on from: its own state, or, when the parallelism has changed, of all subtasks' splits those that are its own
 * now. Undefined at a fresh start. Throws when a stored state cannot be read.
 */
export const restoredState = (
  restored: Restored,
  uid: string,
  parallelism: number,
  subtaskIndex: number,
): KafkaSourceState | undefined => {
  const states = restored
    .statesOf(uid)
    .filter((state) => state !== undefined && state !== null)
    .map(decode)
  if (states.every(({ subtask }) => subtask?.parallelism === parallelism))
    return states.find(({ subtask }) => subtask?.subtaskIndex === subtaskIndex)
  return {
    subtask: { subtaskIndex, parallelism },
    topics: largest(states.flatMap(({ topics }) => [...topics])),
    splits: states
      .flatMap(({ splits }) => splits)
      .filter(({ topicPartition }) => splitOwner(topicPartition, parallelism) === subtaskIndex),
    initialDiscoveryFinished: states.every(({ initialDiscoveryFinished }) => initialDiscoveryFinished),
  }
}

/** One discovery may have seen a topic grow before another did. */
const largest = (counts: readonly (readonly [string, number])[]): ReadonlyMap<string, number> => {
  const topics = new Map<string, number>()
  for (const [topic, count] of counts) topics.set(topic, Math.max(count, topics.get(topic) ?? 0))
  return topics
}

const decode = (stored: unknown): KafkaSourceState => {
  const decoded = kafkaSourceState.decode(stored)
  if (decoded._tag === 'Left') throw decoded.left
  return decoded.right
}
