import { expect } from '@jest/globals'

/** What a read_committed reader has seen of values `partition:sequence`: every one once, in the order of its partition. */
export const expectEachOnceInOrder = (
  records: readonly { readonly partition: number; readonly value: string | null }[],
  written: readonly number[],
): void => {
  written.forEach((count, partition) => {
    const sequences = records.filter((record) => record.partition === partition).map(({ value }) => value)
    const wrong = sequences.findIndex((value, sequence) => value !== `${partition}:${sequence}`)
    expect({ partition, count: sequences.length, wrong, around: around(sequences, wrong) }).toEqual({
      partition,
      count,
      wrong: -1,
      around: [],
    })
  })
}

const around = (values: readonly (string | null)[], at: number) =>
  at < 0 ? [] : values.slice(Math.max(0, at - 2), at + 3)
