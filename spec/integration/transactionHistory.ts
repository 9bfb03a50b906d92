import type { Bytes } from '../../lib/client/ProducerRecord.js'

/** Three with transactions, and one without. */
export const WRITERS = ['a', 'b', 'c', 'plain'] as const
export type Writer = (typeof WRITERS)[number]

export interface HistoryRecord {
  readonly partition: number
  readonly key: Bytes
  readonly value: string | null
}

/** What one writer does. The first write after an end begins a transaction. */
export type Step =
  | { readonly _tag: 'write'; readonly writer: Writer; readonly records: readonly HistoryRecord[] }
  | { readonly _tag: 'commit' | 'abort'; readonly writer: Writer }

export interface HistoryOptions {
  readonly partitions: number
  readonly steps: number
  readonly keys: readonly Bytes[]
}

/**
 * What several writers do, drawn by chance: transactions interleave over all partitions, and in the end none is open.
 * It begins with a writer that aborts twice in a row inside the open transaction of another.
 */
export const transactionHistory = (
  random: (n: number) => number,
  { partitions, steps, keys }: HistoryOptions,
): readonly Step[] => {
  const open = new Set<Writer>()
  let count = 0

  const record = (): HistoryRecord => ({
    partition: random(partitions),
    key: keys[random(keys.length)] ?? null,
    value: random(10) === 0 ? null : `${count++}${' padded'.repeat(random(20))}`,
  })
  const write = (writer: Writer): Step => {
    if (writer !== 'plain') open.add(writer)
    return { _tag: 'write', writer, records: Array.from({ length: 1 + random(6) }, record) }
  }
  const end = (writer: Writer, _tag: 'commit' | 'abort' = random(2) === 0 ? 'commit' : 'abort'): Step => {
    open.delete(writer)
    return { _tag, writer }
  }
  const next = (): Step => {
    const writer = WRITERS[random(WRITERS.length)] ?? 'plain'
    return open.has(writer) && random(3) === 0 ? end(writer) : write(writer)
  }

  const twiceInARow = [write('a'), write('b'), end('b', 'abort'), write('b'), end('b', 'abort')]
  const drawn = Array.from({ length: steps }, next)
  return [...twiceInARow, ...drawn, ...[...open].map((writer) => end(writer))]
}

/** All that was written, whatever became of it, in the order of its partition. */
export const recordsWritten = (steps: readonly Step[], partition: number): readonly HistoryRecord[] =>
  steps
    .flatMap((step) => (step._tag === 'write' ? step.records : []))
    .filter((record) => record.partition === partition)
