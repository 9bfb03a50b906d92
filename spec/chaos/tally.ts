/** What a read_committed reader has seen: a value is `partition:sequence`, sequences count from 0. */
export interface SeenRecord {
  readonly partition: number
  readonly value: string | null
}

export interface Tally {
  readonly records: number
  readonly lost: number
  readonly doubled: number
  /** of those that are not doubled: seen behind a later one of their partition */
  readonly outOfOrder: number
}

/**
 * Counts what is right and wrong, span by span: `bounds` says how many records of each partition had been written at the end of
 * each span. What nobody has written counts as doubled.
 */
export const tally = (seen: readonly SeenRecord[], bounds: readonly (readonly number[])[]): readonly Tally[] => {
  const written = bounds.at(-1) ?? []
  const counts = written.map((count) => new Uint32Array(count))
  const late = written.map((count) => new Uint8Array(count))
  const highest = written.map(() => -1)
  let strangers = 0
  for (const { partition, value } of seen) {
    const [home, sequence] = (value ?? '').split(':').map(Number) as [number, number | undefined]
    const count = counts[partition]
    if (count === undefined || home !== partition || sequence === undefined || !(sequence < count.length)) strangers++
    else {
      count[sequence]! += 1
      if (count[sequence]! > 1) continue
      if (sequence < highest[partition]!) late[partition]![sequence] = 1
      else highest[partition] = sequence
    }
  }
  return bounds.map((ends, span) => {
    const sum = { records: 0, lost: 0, doubled: span === bounds.length - 1 ? strangers : 0, outOfOrder: 0 }
    ends.forEach((end, partition) => {
      for (let sequence = bounds[span - 1]?.[partition] ?? 0; sequence < end; sequence++) {
        const times = counts[partition]![sequence]!
        sum.records++
        if (times === 0) sum.lost++
        else sum.doubled += times - 1
        sum.outOfOrder += late[partition]![sequence]!
      }
    })
    return sum
  })
}

export const noTally: Tally = { records: 0, lost: 0, doubled: 0, outOfOrder: 0 }

export const addTallies = (a: Tally, b: Tally): Tally => ({
  records: a.records + b.records,
  lost: a.lost + b.lost,
  doubled: a.doubled + b.doubled,
  outOfOrder: a.outOfOrder + b.outOfOrder,
})
