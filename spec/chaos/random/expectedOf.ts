import { inputValue, type Item, itemOf, laneOf, stateKeyOf } from './Item.js'
import type { InputRecord, Operator, Script } from './Script.js'

/** What readers of committed records have to see in the end: of each topic, by input partition, in order where the job keeps it. */
export interface Expected {
  readonly topics: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>
  readonly ordered: boolean
}

/** An item and its event time. */
interface Timed {
  readonly item: Item
  readonly time: number
}

/**
 * The whole job as plain functions over all records of an input partition: no stream, no time, no crash. Partitions do not meet, since
 * keys hold them.
 */
export const expectedOf = (script: Script): Expected => {
  const lanes = new Map<string, InputRecord[]>()
  for (const record of [...script.records].sort((a, b) => a.n - b.n))
    lanes.set(laneOf(record), [...(lanes.get(laneOf(record)) ?? []), record])

  const through = (records: readonly InputRecord[]): readonly string[] =>
    script.pipeline
      .reduce<readonly Timed[]>(
        (items, operator) => apply(operator, items),
        records
          .filter(({ bad }) => bad !== true)
          .map((record) => ({ item: itemOf(inputValue(record)), time: record.time })),
      )
      .map(({ item }) => item.text)
  const byLane = (of: (records: readonly InputRecord[]) => readonly string[]) =>
    new Map([...lanes].map(([lane, records]) => [lane, of(records)]))

  const written = byLane(through)
  return {
    topics: new Map([
      ['out', written],
      ['also', script.sinks === 2 ? written : new Map<string, readonly string[]>()],
      ['dead', byLane((records) => records.filter(({ bad }) => bad).map(inputValue))],
    ]),
    ordered: script.pipeline.every(({ op }) => op !== 'windows') && !script.pipeline.some(isUnordered),
  }
}

const isUnordered = (operator: Operator): boolean => operator.op === 'mapAsync' && operator.order === 'unordered'

const apply = (operator: Operator, items: readonly Timed[]): readonly Timed[] => {
  switch (operator.op) {
    case 'map':
      return items.map(({ item, time }) => ({ item: { ...item, text: `${item.text}'` }, time }))
    case 'filter':
      return items.filter(({ item }) => item.n % operator.drop !== 0)
    case 'flatMap':
      return items.flatMap(({ item, time }) =>
        Array.from({ length: operator.times }, (_, copy) => ({
          item: { ...item, text: `${item.text}/${copy}` },
          time,
        })),
      )
    case 'mapAsync':
      return items.map(({ item, time }) => ({ item: { ...item, text: `${item.text}~` }, time }))
    case 'fragile':
    case 'processBatches':
      return items
    case 'keyedScan': {
      const counts = new Map<string, number>()
      return items.map(({ item, time }) => {
        const count = (counts.get(stateKeyOf(item)) ?? 0) + 1
        counts.set(stateKeyOf(item), count)
        return { item: { ...item, text: `${item.text}#${count}` }, time }
      })
    }
    case 'windows':
      return windowsOf(operator, items)
  }
}

const windowsOf = (operator: Operator & { op: 'windows' }, items: readonly Timed[]): readonly Timed[] =>
  [...new Set(items.map(({ item }) => stateKeyOf(item)))]
    .flatMap((stateKey) => {
      const own = items.filter(({ item }) => stateKeyOf(item) === stateKey)
      return spansOf(
        operator,
        own.map(({ time }) => time).sort((a, b) => a - b),
      ).flatMap(([start, end]) => {
        const within = own.filter(({ time }) => start <= time && time < end).map(({ item }) => item.text)
        if (within.length === 0) return []
        const [key, lane] = stateKey.split('@') as [string, string]
        const text = `${stateKey}[${start},${end})${within.sort().join(',')}`
        return [{ item: { key, lane, n: start, text }, time: end - 1 }]
      })
    })
    .sort((a, b) => a.time - b.time)

/** @param times ascending */
const spansOf = (
  { kind, size }: Operator & { op: 'windows' },
  times: readonly number[],
): readonly (readonly [number, number])[] => {
  const last = times.at(-1) ?? 0
  const every = (step: number) =>
    Array.from({ length: Math.ceil((last + size) / step) + 1 }, (_, n) => {
      const start = (n - Math.ceil(size / step)) * step
      return [start, start + size] as const
    })
  switch (kind) {
    case 'tumbling':
      return every(size)
    case 'sliding':
      return every(size / 2)
    case 'session':
      return times.reduce<readonly (readonly [number, number])[]>((spans, time) => {
        const before = spans.at(-1)
        // Two that only touch are one, as in Flink.
        return before !== undefined && time <= before[1]
          ? [...spans.slice(0, -1), [before[0], time + size] as const]
          : [...spans, [time, time + size] as const]
      }, [])
  }
}
