import { CheckpointError } from './CheckpointError.js'

/** The subtasks of a job that run under one coordinator: all of them in one process, or some in each of several. */
export interface JobShare {
  /** how many subtasks there are in all */
  readonly parallelism: number
  /** which of them these are, ascending, from 0 */
  readonly subtasks: readonly number[]
}

/** A job that is not divided. */
export const wholeJob: JobShare = { parallelism: 1, subtasks: [0] }

/** The share that these parts make up. Throws a `Config` error when they cannot belong to one job. */
export const shareOf = (
  parts: readonly { readonly uid: string; readonly subtaskIndex: number; readonly parallelism: number }[],
): JobShare => {
  const [first] = parts
  const parallelism = first?.parallelism ?? 1
  for (const part of parts) {
    if (part.parallelism !== parallelism) throw differentParallelism(part.uid, part.parallelism, parallelism)
    if (!(part.subtaskIndex in Array.from({ length: parallelism }))) throw noSuchSubtask(part.uid, part)
  }
  const subtasks = [...new Set(parts.map(({ subtaskIndex }) => subtaskIndex))].sort((a, b) => a - b)
  return { parallelism, subtasks }
}

/** Whether two shares cannot run at the same time: a subtask is in both, or the parallelism is another. */
export const conflict = (a: JobShare, b: JobShare): boolean =>
  a.parallelism !== b.parallelism || a.subtasks.some((subtask) => b.subtasks.includes(subtask))

/** `subtasks-0-2,5-of-6`. */
export const nameOfShare = ({ parallelism, subtasks }: JobShare): string => {
  const ranges: [number, number][] = []
  for (const subtask of subtasks) {
    const last = ranges.at(-1)
    if (last?.[1] === subtask - 1) last[1] = subtask
    else ranges.push([subtask, subtask])
  }
  const named = ranges.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`))
  return `subtasks-${named.join(',')}-of-${parallelism}`
}

/** Reads `nameOfShare`; undefined when it is none. */
export const shareNamed = (name: string): JobShare | undefined => {
  const [, ranges, parallelism] = /^subtasks-(\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*)-of-(\d+)$/.exec(name) ?? []
  if (ranges === undefined) return undefined
  const subtasks = ranges.split(',').flatMap((range) => {
    const [from, to = from] = range.split('-').map(Number) as [number, number?]
    return Array.from({ length: to - from + 1 }, (_, n) => from + n)
  })
  return { parallelism: Number(parallelism), subtasks }
}

const differentParallelism = (uid: string, parallelism: number, other: number): CheckpointError =>
  new CheckpointError(
    'Config',
    `The sources of a job have different parallelisms: "${uid}" has ${parallelism}, another one ${other}. They are checkpointed, ` +
      'and rescaled, together: give all of them the same, or a coordinator and a store of their own.',
  )

const noSuchSubtask = (
  uid: string,
  { subtaskIndex, parallelism }: { readonly subtaskIndex: number; readonly parallelism: number },
): CheckpointError =>
  new CheckpointError(
    'Config',
    `The source "${uid}" has subtaskIndex ${subtaskIndex} and parallelism ${parallelism}: subtasks are counted from 0 to ` +
      'parallelism - 1.',
  )
