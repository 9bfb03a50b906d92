import { describe, expect, it } from '@jest/globals'
import type { IsolationLevel } from '../../lib/client/IsolationLevel.js'
import { MemoryFetch } from '../../lib/memory/MemoryFetch.js'
import { MemoryLog } from '../../lib/memory/MemoryLog.js'
import { RecordArena } from '../../lib/memory/RecordArena.js'

const arena = new RecordArena()
const records = (...values: string[]) =>
  values.map((value) => {
    const [key, rest = null] = value.includes('=') ? value.split('=') : [null, value]
    return arena.copy({ topic: 't', key, value: rest === '' ? null : rest }, 0)
  })
const read = (log: MemoryLog, from = 0, isolationLevel: IsolationLevel = 'read_committed') => {
  const fetch = new MemoryFetch(log, log.read(from, isolationLevel, Infinity), from, isolationLevel)
  return { values: fetch.take(Infinity).map(({ value }) => value?.toString() ?? null), position: fetch.position }
}
const writer = (producerId: bigint, baseSequence: number, epoch = 0) => ({ producerId, epoch, baseSequence })

describe('MemoryLog', () => {
  it('should answer a repeated batch with the offset that it has, and refuse a gap', () => {
    const log = new MemoryLog('t', 0)
    expect(log.append(records('a', 'b'), writer(1n, 0), 0)).toBe(0)
    expect(log.append(records('c'), writer(1n, 2), 0)).toBe(2)
    expect(log.append(records('a', 'b'), writer(1n, 0), 0)).toBe(0)
    expect(() => log.append(records('e'), writer(1n, 4), 0)).toThrow(
      expect.objectContaining({ codeName: 'OUT_OF_ORDER_SEQUENCE_NUMBER' }),
    )
    expect(read(log).values).toEqual(['a', 'b', 'c'])
  })

  it('should begin sequences anew with an epoch, and refuse the former one', () => {
    const log = new MemoryLog('t', 0)
    log.append(records('a'), writer(1n, 0), 0)
    log.append(records('b'), writer(1n, 0, 1), 0)
    expect(() => log.append(records('c'), writer(1n, 1), 0)).toThrow(
      expect.objectContaining({ codeName: 'INVALID_PRODUCER_EPOCH', _tag: 'Fenced' }),
    )
  })

  it('should hold the last stable offset at the oldest open transaction', () => {
    const log = new MemoryLog('t', 0)
    log.append(records('a'), null, 0)
    log.append(records('b'), writer(1n, 0), 0, true)
    log.append(records('c'), writer(2n, 0), 0, true)
    expect(log.lastStableOffset).toBe(1)
    log.endTransaction(1n, 0, 'commit', 0)
    expect(log.lastStableOffset).toBe(2)
    log.endTransaction(2n, 0, 'abort', 0)
    expect(log.lastStableOffset).toBe(5)
    expect(read(log)).toEqual({ values: ['a', 'b'], position: 5 })
    expect(read(log, 0, 'read_uncommitted').values).toEqual(['a', 'b', 'c'])
  })

  it('should leave holes when compacted, at the tail of a batch and whole, that a position passes', () => {
    const log = new MemoryLog('t', 0)
    log.append(records('k=1', 'l=1', 'm=1'), null, 0)
    log.append(records('k=2', 'm='), null, 0)
    log.append(records('k=3'), null, 0)
    log.compact()
    expect(read(log)).toEqual({ values: ['1', '3'], position: 6 })
    const first = new MemoryFetch(log, log.read(0, 'read_committed', 1), 0, 'read_committed')
    expect(first.take(9).map(({ offset }) => offset)).toEqual([1])
    expect(first.position).toBe(3)
    const second = new MemoryFetch(log, log.read(3, 'read_committed', 1), 3, 'read_committed')
    expect([second.exhausted, second.position]).toEqual([true, 5])
  })

  it('should find offsets by timestamp in the order of offsets', () => {
    const log = new MemoryLog('t', 0)
    const at = (timestamp: number) => arena.copy({ topic: 't', value: 'v', timestamp }, 0)
    log.append([at(10), at(30)], null, 0)
    log.append([at(20)], null, 0)
    expect([5, 15, 20, 30, 31].map((time) => log.offsetAt(time, 'read_committed'))).toEqual([0, 1, 1, 1, undefined])
  })

  it('should stamp records itself when it is asked to', () => {
    const log = new MemoryLog('t', 0, 'LogAppendTime')
    log.append([arena.copy({ topic: 't', value: 'v', timestamp: 5 }, 0)], null, 42)
    expect(log.records('read_committed')).toMatchObject([{ timestamp: 42, timestampType: 'LogAppendTime' }])
  })
})
