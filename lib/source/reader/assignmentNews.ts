import { topicPartitionKey } from '../../client/TopicPartition.js'
import { listOf } from '../listOf.js'
import type { KafkaPartitionSplit } from '../split/KafkaPartitionSplit.js'

/** What a subtask begins with, for the log. */
export interface Assignment {
  readonly subtaskIndex: number
  readonly parallelism: number
  /** from which this attempt goes on; undefined at a fresh start */
  readonly checkpointId: number | undefined
  readonly restored: readonly KafkaPartitionSplit[]
  /** by the first discovery: new ones, and restored ones that have got their ends */
  readonly discovered: readonly KafkaPartitionSplit[]
}

/** What a subtask reads and where it begins: one line when its first discovery is through. */
export const assignmentNews = ({
  subtaskIndex,
  parallelism,
  checkpointId,
  restored,
  discovered,
}: Assignment): string => {
  const subtask = `Subtask ${subtaskIndex} of ${parallelism}`
  const start = checkpointId === undefined ? 'starts without a checkpoint' : `goes on from checkpoint ${checkpointId}`
  const ends = new Map(discovered.map((split) => [topicPartitionKey(split.topicPartition), split]))
  const before = restored.map((split) => ends.get(topicPartitionKey(split.topicPartition)) ?? split)
  const found = discovered.filter((split) => !before.includes(split))
  if (before.length + found.length === 0) return `${subtask} ${start}, and has no partitions to read.`
  const parts = [
    ...clause(checkpointId === undefined ? '' : 'restored ', before),
    ...clause(newIf(checkpointId), found),
  ]
  return `${subtask} ${start}, and reads ${parts.join('; ')}.`
}

/** Partitions that a later discovery has found. */
export const foundLater = (found: readonly KafkaPartitionSplit[]): string =>
  `Discovery has found ${clause('new ', found).join('')}.`

const newIf = (checkpointId: number | undefined): string => (checkpointId === undefined ? '' : 'new ')

const clause = (which: string, splits: readonly KafkaPartitionSplit[]): readonly string[] =>
  splits.length === 0
    ? []
    : [`${splits.length} ${which}partition${splits.length === 1 ? '' : 's'} (${listOf(splits.map(fromWhere))})`]

const fromWhere = ({ topicPartition, startingOffset, stoppingOffset }: KafkaPartitionSplit): string =>
  `${topicPartitionKey(topicPartition)} from offset ${startingOffset}${stoppingOffset === undefined ? '' : ` up to ${stoppingOffset}`}`
