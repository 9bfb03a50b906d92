import * as t from 'io-ts'
import type { InputRecord } from './Script.js'

/** What goes through the job: made of one record, or of those of a window. */
export const Item = t.type({
  key: t.string,
  /** the input partition that it comes from, as `source:partition`: lanes never meet in a result, so each is checked by itself */
  lane: t.string,
  n: t.number,
  /** what is written */
  text: t.string,
})

export type Item = t.TypeOf<typeof Item>

/** How much earlier than one before it a record of a partition may have happened, in ms. */
export const OUT_OF_ORDERNESS = 5

export const laneOf = ({ source, partition }: Pick<InputRecord, 'source' | 'partition'>): string =>
  `${source}:${partition}`

/** The value of an input record: `a 0:1 7`, or `bad 0:1 7`. */
export const inputValue = (record: InputRecord): string =>
  `${record.bad === true ? 'bad' : record.key} ${laneOf(record)} ${record.n}`

export const itemOf = (value: string): Item => {
  const [key, lane, n] = value.split(' ') as [string, string, string]
  if (key === 'bad') throw new Error(`${value} cannot be read`)
  return { key, lane, n: Number(n), text: `${lane}.${n}` }
}

/** State is by key and lane. */
export const stateKeyOf = ({ key, lane }: Item): string => `${key}@${lane}`

/** Lanes keep to a partition of their own, so that their order can be checked. */
export const outPartition = (lane: string, outPartitions: number): number => {
  const [source, partition] = lane.split(':').map(Number) as [number, number]
  return (source + partition) % outPartitions
}
