import { describe, expect, it } from '@jest/globals'
import type { IsolationLevel } from '../../lib/client/IsolationLevel.js'
import type { FetchedRecords } from '../../lib/client/KafkaFetcher.js'
import { encodedBatch } from '../../lib/memory/encodedBatch.js'
import { MemoryLog } from '../../lib/memory/MemoryLog.js'
import { RecordArena } from '../../lib/memory/RecordArena.js'
import { decodeRecordBatches } from '../../lib/protocol/decodeRecordBatches.js'

const arena = new RecordArena()
const records = (...values: string[]) =>
  values.map((value) => {
    const [key, rest = null] = value.includes('=') ? value.split('=') : [null, value]
    return arena.copy({ topic: 't', key, value: rest === '' ? null : rest }, 0)
  })
const fetchOf = (
  log: MemoryLog,
  from: number,
  maxBytes = Infinity,
  isolationLevel: IsolationLevel = 'read_committed',
): FetchedRecords => {
  const batches = log.read(from, isolationLevel, maxBytes, true)
  const response = {
    ...{ topic: log.topic, partition: log.partition, errorCode: 0, preferredReadReplica: -1 },
    ...{ highWatermark: log.highWatermark, lastStableOffset: log.lastStableOffset, logStartOffset: log.logStartOffset },
    abortedTransactions: log.abortedWithin(from, batches.at(-1)?.lastOffset ?? from),
    records: Buffer.concat(batches.map(encodedBatch)),
  }
  return decodeRecordBatches(response, from, { isolationLevel, checkCrcs: true })
}
const read = (log: MemoryLog, from = 0, isolationLevel: IsolationLevel = 'read_committed') => {
  const fetch = fetchOf(log, from, Infinity, isolationLevel)
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
    const first = fetchOf(log, 0, 1)
    expect(first.take(9).map(({ offset }) => offset)).toEqual([1])
    expect(first.position).toBe(3)
    const second = fetchOf(log, 3, 1)
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

  it('should say where an epoch ends (KIP-320)', () => {
    const log = new MemoryLog('t', 0)
    const ends = () => [-1, 0, 1, 2, 3].map((epoch) => Object.values(log.endOfEpoch(epoch) ?? {}))
    log.append(records('a', 'b'), null, 0)
    expect(ends()).toEqual([[], [0, 2], [], [], []])
    log.nextLeader()
    log.append(records('c'), null, 0)
    log.nextLeader()
    expect(ends()).toEqual([[], [0, 2], [1, 3], [2, 3], []])
    log.truncate(2)
    // Epoch 1 has nothing left.
    expect(ends()).toEqual([[], [0, 2], [0, 2], [0, 2], [3, 2]])
  })

  it('should have nothing of an aborted transaction when its marker was truncated', () => {
    const log = new MemoryLog('t', 0)
    log.append(records('a'), writer(1n, 0), 0, true)
    log.append(records('b'), null, 0)
    log.endTransaction(1n, 0, 'abort', 0)
    expect(log.abortedWithin(0, 2)).toEqual([{ producerId: 1n, firstOffset: 0 }])
    log.truncate(2)
    log.append(records('c'), writer(1n, 0, 1), 0, true)
    log.endTransaction(1n, 1, 'commit', 0)
    expect(log.abortedWithin(0, 4)).toEqual([])
    expect(read(log)).toEqual({ values: ['b', 'c'], position: 4 })
    expect(log.records('read_committed').map(({ offset }) => offset)).toEqual([1, 2])
  })

  it('should be read as it was written, with headers and times, without keys and values', () => {
    const log = new MemoryLog('t', 0, 'CreateTime')
    const headers = [
      { key: 'h', value: Buffer.from('1') },
      { key: 'n', value: null },
    ]
    log.append(
      [
        arena.copy({ topic: 't', key: 'k', value: null, timestamp: 2_000_000_000_000, headers }, 0),
        arena.copy({ topic: 't', value: '', timestamp: -5 }, 0),
      ],
      null,
      7,
    )
    const decoded = fetchOf(log, 0).take(9)
    expect(decoded.map(({ key, value }) => [key?.toString(), value?.toString()])).toEqual([
      ['k', undefined],
      [undefined, ''],
    ])
    expect(decoded[0]?.headers).toEqual(headers)
    expect(decoded).toMatchObject([
      { timestamp: 2_000_000_000_000, timestampType: 'CreateTime', offset: 0 },
      { timestamp: -5, timestampType: 'CreateTime', offset: 1 },
    ])
    const stamped = new MemoryLog('t', 0, 'LogAppendTime')
    stamped.append(records('a', 'b'), null, 42)
    expect(fetchOf(stamped, 0).take(9)).toMatchObject([
      { timestamp: 42, timestampType: 'LogAppendTime' },
      { timestamp: 42, timestampType: 'LogAppendTime' },
    ])
  })
})
