import type { Departure } from '../departures.js'
import type { ByPartition, RecordedException, RecordedJob, Result } from './RecordedJob.js'

/** What is compared of a job: its resolved offsets, and the rest. */
export type Expected = Omit<Result, 'resolvedStart' | 'resolvedStop'>

/** What was recorded, or what we do instead. */
export const expectedOf = ({ result }: RecordedJob, departure?: Departure): Expected => {
  const { ours = {} } = departure ?? {}
  const outcome = ours.outcome ?? result.outcome
  const names = Object.keys(result.snapshots ?? {})
  const { recordsBySubtask = ours.recordsBySubtask } = { ...result, ...ours }
  return {
    outcome,
    // What other partitions still brought before a failure is a matter of chance.
    records: outcome === 'FAILED' ? {} : (ours.records ?? result.records),
    groupCommittedAfter: ours.groupCommittedAfter ?? result.groupCommittedAfter,
    snapshots: Object.fromEntries(
      names.map((name) => [name, { ...result.snapshots![name]!, ...ours.snapshots?.[name] }]),
    ),
    ...(recordsBySubtask === undefined ? {} : { recordsBySubtask }),
    ...(result.afterTimeout === undefined || outcome !== 'STILL_RUNNING' ? {} : { afterTimeout: result.afterTimeout }),
  }
}

/** The same of ours. */
export const observedOf = ({ result: recorded }: RecordedJob, result: Result): Expected => {
  const { outcome, records, groupCommittedAfter, snapshots, recordsBySubtask, afterTimeout } = result
  return {
    outcome,
    records: outcome === 'FAILED' ? {} : records,
    groupCommittedAfter,
    snapshots: snapshots ?? {},
    ...(recorded.recordsBySubtask === undefined ? {} : { recordsBySubtask: recordsBySubtask ?? {} }),
    ...(afterTimeout === undefined ? {} : { afterTimeout }),
  }
}

/**
 * Of recorded offsets those that can be compared: Flink leaves the earliest offset (-2) to its reader, we resolve it at once; what
 * else it leaves (-1, -3), its records show. The recording asked for partitions that the source did not subscribe to as well.
 */
export const comparable = (
  recorded: ByPartition<number> = {},
  ours: ByPartition<number> = {},
  log: RecordedJob['log'],
): ByPartition<number> =>
  Object.fromEntries(
    Object.entries(ours).map(([partition, offset]) => {
      const flinks = recorded[partition] ?? offset
      if (flinks >= 0) return [partition, flinks]
      return [partition, flinks === -2 ? (log[partition]?.beginning ?? 0) : offset]
    }),
  )

/** What our error says, by the root of theirs. */
export const errorFor = (chain: readonly RecordedException[] | undefined): RegExp => {
  const name = chain?.at(-1)?.class.split('.').at(-1) ?? ''
  const words = ourWords[name]
  if (words === undefined) throw new Error(`No error of ours is known for ${name}.`)
  return words
}

const ourWords: Readonly<Record<string, RegExp>> = {
  NoOffsetForPartitionException: /^Undefined offset with no reset policy for partitions: \[/,
  OffsetOutOfRangeException: /^Offset \d+ of \S+ is not in the log/,
  IllegalArgumentException: /^Invalid negative timestamp/,
  IllegalStateException: /^Cannot find initial offsets for partitions: \[/,
  FlinkRuntimeException: /^(Invalid starting|Illegal stopping) offset -\d/,
  NullPointerException: /should stop at committed offset\. But there is no committed offset/,
  RuntimeException: /^Partition '\S+' does not exist on Kafka brokers$/,
  UnknownTopicOrPartitionException: /^Failed to get metadata for topics/,
}
