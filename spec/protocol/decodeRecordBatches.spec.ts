import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { ConsumerRecord } from '../../lib/client/ConsumerRecord.js'
import type { CompressionType } from '../../lib/client/KafkaConfig.js'
import type { IsolationLevel } from '../../lib/client/IsolationLevel.js'
import { isKafkaError, type KafkaError } from '../../lib/client/KafkaError.js'
import { DecompressionMemory } from '../../lib/protocol/DecompressionMemory.js'
import { decodeRecordBatches, type FetchedPartition } from '../../lib/protocol/decodeRecordBatches.js'
import {
  ATTRIBUTES_AT,
  BASE_TIMESTAMP_AT,
  CONTROL,
  COUNT_AT,
  LEADER_EPOCH_AT,
  LENGTH_AT,
  MAGIC_AT,
  RECORDS_AT,
  TRANSACTIONAL,
} from '../../lib/protocol/RecordBatch.js'
import type { NamedPartitionResponse } from '../../lib/protocol/requests/fetch.js'
import { batchAt, emptyBatchAt, fetched, markerAt, rewritten, transactional } from '../support/encodedBatches.js'

const MiB = 1 << 20

const open = (
  response: NamedPartitionResponse,
  from = 0,
  isolationLevel: IsolationLevel = 'read_committed',
  checkCrcs = true,
): FetchedPartition => decodeRecordBatches(response, from, { isolationLevel, checkCrcs })

const show = (record: ConsumerRecord): string => `${record.offset}:${String(record.value)}`
const taken = (partition: FetchedPartition, max = 100): string[] => partition.take(max).map(show)
const values = (...texts: string[]) => ({ records: texts.map((value) => ({ value })) })

const failure = (act: () => unknown): KafkaError => {
  try {
    act()
  } catch (error) {
    if (isKafkaError(error)) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('decodeRecordBatches', () => {
  describe('positions', () => {
    it('should be exhausted at once without bytes', () => {
      const partition = open(fetched(Buffer.alloc(0)), 5)
      expect(partition).toMatchObject({ exhausted: true, position: 5, bytes: 0, truncatedBatchBytes: 0 })
      expect(partition.take(10)).toEqual([])
    })

    it('should hand over the offsets of the response', () => {
      const partition = open(fetched([batchAt(0, values('a'))]))
      expect(partition).toMatchObject({ highWatermark: 1000, lastStableOffset: 900, logStartOffset: 0 })
      expect(String(partition.topicPartition)).toBe('orders-1')
    })

    it('should give records in pieces across batches, the position behind the last one taken', () => {
      const partition = open(fetched([batchAt(10, values('a', 'b', 'c')), batchAt(13, values('d', 'e'))]), 10)
      expect(taken(partition, 2)).toEqual(['10:a', '11:b'])
      expect(partition).toMatchObject({ position: 12, exhausted: false })
      expect(taken(partition, 2)).toEqual(['12:c', '13:d'])
      expect(partition).toMatchObject({ position: 14, exhausted: false })
      expect(taken(partition, 2)).toEqual(['14:e'])
      expect(partition).toMatchObject({ position: 15, exhausted: true })
    })

    it('should tell the leader epoch of what stands before the position, with records or without', () => {
      const written = (leaderEpoch: number, batch: Buffer) =>
        rewritten(batch, (bytes) => bytes.writeInt32BE(leaderEpoch, LEADER_EPOCH_AT))
      const partition = open(
        fetched([
          written(3, emptyBatchAt(0, 9)),
          written(4, batchAt(10, values('a', 'b'))),
          written(6, batchAt(12, values('c'))),
          written(7, markerAt(13, 1n, 'commit')),
        ]),
      )
      const seen = [[partition.position, partition.leaderEpoch]]
      while (!partition.exhausted) {
        partition.take(1)
        seen.push([partition.position, partition.leaderEpoch])
      }
      expect(seen).toEqual([
        [10, 3],
        [11, 4],
        [12, 4],
        [14, 7],
      ])
    })

    it('should pass over records below the fetch offset', () => {
      const partition = open(fetched([batchAt(10, values('a', 'b', 'c'))]), 12)
      expect(partition.position).toBe(12)
      expect(taken(partition)).toEqual(['12:c'])
    })

    it('should cross a hole at the tail of a batch', () => {
      const partition = open(fetched([batchAt(10, values('a'), 9), batchAt(20, values('b'))]), 10)
      expect(taken(partition, 1)).toEqual(['10:a'])
      expect(partition.position).toBe(20)
      expect(taken(partition, 1)).toEqual(['20:b'])
    })

    it('should give a shorter piece when compaction left nothing at or after the fetch offset', () => {
      const partition = open(fetched([batchAt(10, values('a'), 9)]), 15)
      expect(taken(partition)).toEqual([])
      expect(partition).toMatchObject({ position: 20, exhausted: true })
    })

    it('should move past an empty batch', () => {
      const partition = open(fetched([emptyBatchAt(10, 4)]), 10)
      expect(partition).toMatchObject({ position: 15, exhausted: true })
    })

    it('should be exhausted at once with markers only, and have moved', () => {
      const partition = open(fetched([markerAt(10, 1n, 'commit'), markerAt(11, 2n, 'abort')]), 10)
      expect(partition).toMatchObject({ position: 12, exhausted: true })
    })

    it('should have passed the markers behind the last record as soon as it is taken', () => {
      const partition = open(
        fetched([batchAt(0, { ...values('a'), producer: transactional(1n) }), markerAt(1, 1n, 'commit')]),
      )
      expect(taken(partition)).toEqual(['0:a'])
      expect(partition).toMatchObject({ position: 2, exhausted: true })
    })
  })

  describe('transactions', () => {
    const of = (producerId: bigint, ...texts: string[]) => ({
      ...values(...texts),
      producer: transactional(producerId),
    })

    it('should drop interleaved aborted transactions, listed by last offset', () => {
      const log = [
        batchAt(0, of(1n, 'a1')),
        batchAt(1, of(2n, 'b1')),
        batchAt(2, of(3n, 'c1')),
        batchAt(3, of(1n, 'a2')),
        markerAt(4, 2n, 'abort'),
        batchAt(5, of(2n, 'b2')),
        markerAt(6, 1n, 'abort'),
        batchAt(7, of(1n, 'a3')),
        markerAt(8, 3n, 'commit'),
        markerAt(9, 2n, 'commit'),
        markerAt(10, 1n, 'commit'),
      ]
      const abortedTransactions = [
        { producerId: 2n, firstOffset: 1 },
        { producerId: 1n, firstOffset: 0 },
      ]
      expect(taken(open(fetched(log, { abortedTransactions })))).toEqual(['2:c1', '5:b2', '7:a3'])
      expect(taken(open(fetched(log, { abortedTransactions }), 0, 'read_uncommitted'))).toHaveLength(6)
    })

    it('should drop what is aborted when the fetch starts inside several open transactions', () => {
      const log = [
        batchAt(10, of(1n, 'a')),
        batchAt(11, of(2n, 'b')),
        markerAt(12, 1n, 'abort'),
        markerAt(13, 2n, 'abort'),
      ]
      const abortedTransactions = [
        { producerId: 1n, firstOffset: 3 },
        { producerId: 2n, firstOffset: 2 },
      ]
      expect(open(fetched(log, { abortedTransactions }), 10)).toMatchObject({ position: 14, exhausted: true })
    })

    it('should not take a key of four zero bytes for a marker', () => {
      const sly = { records: ['a', '\0\0\0\0', 'b'].map((key) => ({ key, value: key })), producer: transactional(1n) }
      const log = [batchAt(0, sly), batchAt(3, sly), markerAt(6, 1n, 'abort')]
      const abortedTransactions = [{ producerId: 1n, firstOffset: 0 }]
      expect(open(fetched(log, { abortedTransactions }))).toMatchObject({ position: 7, exhausted: true })
    })

    it('should give what a producer writes outside of transactions while one of its ids is aborted', () => {
      const plain = { ...values('x'), producer: { ...transactional(1n), transactional: false } }
      const log = [batchAt(0, of(1n, 'a')), batchAt(1, plain), markerAt(2, 1n, 'abort')]
      expect(taken(open(fetched(log, { abortedTransactions: [{ producerId: 1n, firstOffset: 0 }] })))).toEqual(['1:x'])
    })

    it('should open what began before the end of any batch of a producer, as Kafka does', () => {
      const abortedTransactions = [{ producerId: 1n, firstOffset: 6 }]
      expect(taken(open(fetched([batchAt(5, of(1n, 'a', 'b'))], { abortedTransactions })))).toEqual([])
      const idempotent = { ...values('x', 'y'), producer: { ...transactional(2n), transactional: false } }
      for (const opener of [batchAt(5, idempotent), batchAt(5, of(2n, 'x', 'y')), markerAt(6, 2n, 'commit')]) {
        const log = [opener, markerAt(4, 1n, 'abort'), batchAt(7, of(1n, 'b'))]
        expect(taken(open(fetched(log, { abortedTransactions }))).at(-1)).toBe('7:b')
      }
    })

    it('should go by the first record of a marker', () => {
      const marker = rewritten(
        batchAt(1, {
          records: [1, 0].map((type) => ({ key: Buffer.from([0, 0, 0, type]), value: Buffer.alloc(6) })),
          producer: transactional(1n),
        }),
        (bytes) => bytes.writeInt16BE(TRANSACTIONAL | CONTROL, ATTRIBUTES_AT),
      )
      const log = [batchAt(0, of(1n, 'a')), marker, batchAt(3, of(1n, 'b'))]
      const abortedTransactions = [{ producerId: 1n, firstOffset: 0 }]
      expect(taken(open(fetched(log, { abortedTransactions })))).toEqual([])
    })

    it('should keep dropping behind a marker that compaction emptied', () => {
      const emptyMarker = rewritten(markerAt(1, 1n, 'abort').subarray(0, RECORDS_AT), (bytes) => {
        bytes.writeInt32BE(RECORDS_AT - LENGTH_AT - 4, LENGTH_AT)
        bytes.writeInt32BE(0, COUNT_AT)
      })
      const log = [batchAt(0, of(1n, 'a')), emptyMarker, batchAt(2, of(1n, 'b'))]
      const abortedTransactions = [{ producerId: 1n, firstOffset: 0 }]
      expect(open(fetched(log, { abortedTransactions }))).toMatchObject({ position: 3, exhausted: true })
    })
  })

  describe('timestamps beyond 2^53', () => {
    it.each([
      { base: 2n ** 62n + 511n, delta: 2, timestamp: 2 ** 62 + 1024 },
      { base: 2n ** 63n - 1n, delta: 1, timestamp: -(2 ** 63) },
      { base: -(2n ** 53n) - 3n, delta: 2 ** 52, timestamp: -(2 ** 52) - 3 },
      { base: 2n ** 53n + 1n, delta: 0, timestamp: 2 ** 53 },
      { base: 0n, delta: 2 ** 53 - 1, timestamp: 2 ** 53 - 1 },
    ])('should be rounded once, and wrap as in Java: $base + $delta', ({ base, delta, timestamp }) => {
      const batch = batchAt(0, { records: [0, delta].map((at) => ({ value: 'a', timestamp: at })) })
      const shifted = rewritten(batch, (bytes) => bytes.writeBigInt64BE(base, BASE_TIMESTAMP_AT))
      expect(
        open(fetched(shifted))
          .take(2)
          .map((record) => record.timestamp),
      ).toEqual([Number(base), timestamp])
    })

    it('should be exact of deltas that a number does not hold before they are signed', () => {
      const batch = batchAt(0, { records: [0, 2 ** 52].map((at) => ({ value: 'a', timestamp: at })) })
      const odd = rewritten(batch, (bytes) => (bytes[bytes.indexOf(Buffer.from('8080808080808010', 'hex'))] = 0x81))
      expect(
        open(fetched(odd))
          .take(2)
          .map((record) => record.timestamp),
      ).toEqual([0, -(2 ** 52) - 1])
    })
  })

  describe('what batches are decompressed to', () => {
    const zeros = (baseOffset: number, count: number, size = 100_000, compression: CompressionType = 'gzip') =>
      batchAt(baseOffset, {
        records: Array.from({ length: count }, () => ({ value: Buffer.alloc(size) })),
        compression,
      })
    const opening = (records: Buffer | Buffer[], memory: DecompressionMemory, topic = 'orders') =>
      decodeRecordBatches({ ...fetched(records), topic }, 0, {
        isolationLevel: 'read_committed',
        checkCrcs: true,
        memory,
      })
    const offsets = (partition: FetchedPartition, max: number) => partition.take(max).map(({ offset }) => offset)

    it.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)(
      'should be made when the first record is taken (%s)',
      (compression) => {
        const memory = new DecompressionMemory(64 * MiB)
        const partition = opening([zeros(0, 3, 100_000, compression), zeros(3, 3, 100_000, compression)], memory)

        expect(partition.exhausted).toBe(false)
        expect(memory.heldBytes).toBe(0)
        expect(offsets(partition, 1)).toEqual([0])
        expect(memory.heldBytes).toBeGreaterThan(300_000)
        expect(memory.heldBytes).toBeLessThan(301_000)
        expect(offsets(partition, 2)).toEqual([1, 2])
        expect(memory.heldBytes).toBe(0)
        expect(offsets(partition, 9)).toEqual([3, 4, 5])
        expect(memory.heldBytes).toBe(0)
      },
    )

    it('should wait until those that hold the room are read', () => {
      const memory = new DecompressionMemory(500_000)
      const [first, second] = ['a', 'b'].map((topic) => opening([zeros(0, 3), zeros(3, 1)], memory, topic))
      expect(offsets(first!, 1)).toEqual([0])
      for (let i = 0; i < 100; i++) {
        expect(offsets(second!, 1)).toEqual([])
        expect(second).toMatchObject({ exhausted: false, position: 0 })
        memory.touch(first!)
      }
      expect(offsets(first!, 2)).toEqual([1, 2])
      expect(offsets(second!, 9)).toEqual([0, 1, 2, 3])
    })

    it('should ask for as much room as the next batch needs, and not as the one before needed', () => {
      const memory = new DecompressionMemory(500_000)
      const other = opening([zeros(0, 3), zeros(3, 3)], memory, 'other')
      const partition = opening([zeros(0, 4), zeros(4, 1)], memory)
      offsets(other, 1)
      expect(offsets(partition, 1)).toEqual([])
      offsets(other, 2)
      expect(offsets(partition, 4)).toEqual([0, 1, 2, 3])
      offsets(other, 1)
      expect(offsets(partition, 1)).toEqual([4])
    })

    it('should be taken from one that is not read on, and made anew for it', () => {
      const memory = new DecompressionMemory(500_000)
      const [first, second] = ['a', 'b'].map((topic) => opening(zeros(0, 3), memory, topic))
      const insist = (partition: FetchedPartition, max: number) => {
        for (let asked = 0; asked < 12; asked++) {
          const taken = offsets(partition, max)
          if (taken.length > 0) return taken
        }
        return []
      }
      const [kept] = first!.take(1)
      expect(offsets(second!, 1)).toEqual([])
      expect(insist(second!, 1)).toEqual([0])
      expect(kept?.value).toEqual(Buffer.alloc(100_000))
      expect(offsets(first!, 1)).toEqual([])
      expect(insist(first!, 9)).toEqual([1, 2])
      expect(insist(second!, 9)).toEqual([1, 2])
    })

    it('should never be more than the limit, and lose nothing, whoever is read when', () => {
      const codecs = fc.constantFrom<CompressionType>('none', 'gzip', 'snappy', 'lz4', 'zstd')
      const batch = fc.record({ count: fc.integer({ min: 1, max: 4 }), size: fc.nat(60_000), compression: codecs })
      const partitions = fc.array(fc.array(batch, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 })
      const turn = fc.record({ partition: fc.nat(3), max: fc.integer({ min: 1, max: 3 }) })
      fc.assert(
        fc.property(partitions, fc.array(turn, { maxLength: 60 }), (logs, turns) => {
          const memory = new DecompressionMemory(300_000)
          const fetches = logs.map((batches, i) => {
            let base = 0
            const records = batches.map(({ count, size, compression }) => {
              base += count
              return zeros(base - count, count, size, compression)
            })
            return { partition: opening(records, memory, String(i)), count: base, seen: [] as number[] }
          })
          const step = (i: number, max: number) => {
            const { partition, seen } = fetches[i % fetches.length]!
            seen.push(...offsets(partition, max))
            expect(memory.heldBytes).toBeLessThanOrEqual(300_000)
          }
          turns.forEach(({ partition, max }) => step(partition, max))
          // However it stands now, each comes to its end, though the others are not read any more.
          for (const [i, { partition }] of fetches.entries()) {
            for (let asked = 0; !partition.exhausted; asked++) {
              expect(asked).toBeLessThan(200)
              step(i, 1)
            }
          }
          for (const { count, seen } of fetches) expect(seen).toEqual(Array.from({ length: count }, (_, i) => i))
          expect(memory.heldBytes).toBe(0)
        }),
        { numRuns: 100 },
      )
    })

    it.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)(
      'should be refused beyond the limit, as no damage (%s)',
      (compression) => {
        const partition = opening(
          [zeros(0, 1, 10, compression), zeros(1, 20, 500_000, compression)],
          new DecompressionMemory(5 * MiB),
        )
        expect(offsets(partition, 1)).toEqual([0])
        const error = failure(() => partition.take(1))
        expect(error).toMatchObject({
          ...{ _tag: 'RecordTooLarge', retriable: false, topic: 'orders', partition: 1, offset: 1 },
          message:
            `The batch of orders-1 at offset 1 becomes more than 5242880 bytes when it is decompressed (${compression}), the limit of ` +
            'fetch.max.decompressed.bytes. Raise it if this process has the memory, or go on behind the batch, at offset 21.',
        })
        expect(failure(() => partition.take(1))).toBe(error)
      },
    )

    it('should be refused in a marker, which is small', () => {
      const marker = { key: Buffer.alloc(4), value: Buffer.alloc(100_000) }
      const bytes = rewritten(
        batchAt(4, { records: [marker], producer: transactional(1n), compression: 'gzip' }),
        (batch) => batch.writeInt16BE(batch.readInt16BE(ATTRIBUTES_AT) | TRANSACTIONAL | CONTROL, ATTRIBUTES_AT),
      )
      const abortedTransactions = [{ producerId: 1n, firstOffset: 0 }]
      const error = failure(() => open(fetched(bytes, { abortedTransactions })).take(1))
      expect(error).toMatchObject({ _tag: 'Corrupt' })
      expect(error.message).toContain('hold a marker that may become more')
    })
  })

  describe('a fetch that was cut', () => {
    const first = batchAt(0, values('a', 'b'))
    const second = batchAt(2, values('c'))

    it('should ignore the part of a batch at the end, wherever the cut is', () => {
      for (let cut = 0; cut < second.length; cut++) {
        const partition = open(fetched([first, second.subarray(0, cut)]))
        expect(taken(partition)).toEqual(['0:a', '1:b'])
        expect(partition).toMatchObject({ position: 2, exhausted: true, truncatedBatchBytes: 0 })
      }
    })

    it('should say how large the first batch is when nothing else came', () => {
      for (let cut = LENGTH_AT + 4; cut < first.length; cut++) {
        const partition = open(fetched(first.subarray(0, cut)))
        expect(partition).toMatchObject({ position: 0, exhausted: true, truncatedBatchBytes: first.length })
      }
      expect(open(fetched(first.subarray(0, 5))).truncatedBatchBytes).toBeGreaterThan(5)
    })
  })

  describe('damage', () => {
    it('should give what stands before, then throw at every take', () => {
      const bad = batchAt(2, values('c', 'd'))
      bad[bad.length - 1]! ^= 1
      const partition = open(fetched([batchAt(0, values('a', 'b')), bad, batchAt(4, values('e'))]))
      expect(taken(partition)).toEqual(['0:a', '1:b'])
      expect(partition).toMatchObject({ position: 2, exhausted: false })
      const error = failure(() => partition.take(1))
      expect(error).toMatchObject({ _tag: 'Corrupt', topic: 'orders', partition: 1, offset: 2, retriable: false })
      expect(error.message).toContain('orders-1 at offset 2 fail their checksum')
      expect(failure(() => partition.take(1))).toBe(error)
    })

    it('should not look at the checksum when check.crcs is false', () => {
      const bad = batchAt(0, values('aaaa'))
      bad[bad.length - 2]! ^= 1
      expect(taken(open(fetched(bad), 0, 'read_committed', false))).toEqual(['0:aaa`'])
    })

    it('should find it inside a batch, and give the records before', () => {
      const bad = rewritten(batchAt(0, values('a', 'b')), (bytes) => bytes.writeUInt8(0x7f, RECORDS_AT + 8))
      const partition = open(fetched(bad))
      expect(taken(partition)).toEqual(['0:a'])
      expect(failure(() => partition.take(1))).toMatchObject({ _tag: 'Corrupt', offset: 1 })
    })

    it.each([
      ['the one before it has', 0],
      ['comes before it', -1],
      ['lies behind that of the batch', 4],
    ])('should find a record whose offset %s, and give those before', (_, delta) => {
      const offsetAt = (record: number) => RECORDS_AT + record * (1 + batch.readUInt8(RECORDS_AT) / 2) + 3
      const batch = batchAt(7, { records: ['a', 'b', 'c'].map((value) => ({ value })) }, 3)
      const partition = open(
        fetched(rewritten(batch, (bytes) => bytes.writeUInt8(delta < 0 ? -2 * delta - 1 : 2 * delta, offsetAt(1)))),
      )
      expect(partition.take(1).map(({ offset }) => offset)).toEqual([7])
      expect(() => partition.take(1)).toThrow('are not in the order of their offsets')
    })

    it('should find bytes behind the last record', () => {
      const bad = rewritten(batchAt(0, values('a', 'b')), (bytes) => bytes.writeInt32BE(1, COUNT_AT))
      const partition = open(fetched(bad))
      expect(taken(partition)).toEqual(['0:a'])
      expect(failure(() => partition.take(1))._tag).toBe('Corrupt')
    })

    it.each([
      ['more', 4],
      ['fewer', 0],
    ])('should refuse a record that counts %s headers than it holds, before anyone asks for them', (_, count) => {
      const headers = [{ key: 'h', value: null }]
      const bad = rewritten(batchAt(5, { records: [{ key: 'k', value: 'a', headers }] }), (bytes) =>
        bytes.writeUInt8(count, RECORDS_AT + 8),
      )
      expect(failure(() => open(fetched(bad), 5).take(1))).toMatchObject({ _tag: 'Corrupt', offset: 5 })
    })

    it.each([2n ** 53n, 2n ** 53n - 1n, -1n])('should refuse offset %i, and say where it stands itself', (offset) => {
      const bad = rewritten(batchAt(0, values('a')), (bytes) => bytes.writeBigInt64BE(offset, 0))
      const error = failure(() => open(fetched(bad), 7).take(1))
      expect(error._tag).toBe('Corrupt')
      expect(Number.isSafeInteger(error.offset)).toBe(true)
      expect(error.offset).toBeGreaterThanOrEqual(7)
    })

    it.each([1, Infinity])('should give no offset twice when batches overlap, taken %d at a time', (max) => {
      const partition = open(fetched([batchAt(0, values('a', 'b', 'c')), batchAt(1, values('x', 'y', 'z'))]))
      const all: string[] = []
      while (!partition.exhausted) all.push(...taken(partition, max))
      expect(all).toEqual(['0:a', '1:b', '2:c', '3:z'])
    })

    it.each([0, 4])('should refuse a length of %d bytes that leaves no room for a header', (length) => {
      const end = Buffer.alloc(12 + length)
      end.writeInt32BE(length, LENGTH_AT)
      const partition = open(fetched([batchAt(0, values('a')), end]))
      expect(taken(partition)).toEqual(['0:a'])
      expect(failure(() => partition.take(1))).toMatchObject({ _tag: 'Corrupt', topic: 'orders', partition: 1 })
    })

    it('should refuse a marker that does not say how its transaction ended', () => {
      const bad = rewritten(markerAt(4, 1n, 'abort'), (bytes) => bytes.writeUInt8(1, RECORDS_AT + 4))
      const abortedTransactions = [{ producerId: 1n, firstOffset: 0 }]
      const error = failure(() => open(fetched(bad, { abortedTransactions })).take(1))
      expect(error).toMatchObject({ _tag: 'Corrupt', topic: 'orders', partition: 1, offset: 4, retriable: false })
    })

    it.each([null, 'abc', Buffer.from([0xff, 0xff, 0, 0])])('should refuse a marker whose key is %p', (key) => {
      const batch = batchAt(4, { records: [{ key, value: 'a' }], producer: transactional(1n) })
      const bad = rewritten(batch, (bytes) => bytes.writeInt16BE(TRANSACTIONAL | CONTROL, ATTRIBUTES_AT))
      const abortedTransactions = [{ producerId: 1n, firstOffset: 0 }]
      const error = failure(() => open(fetched(bad, { abortedTransactions })).take(1))
      expect(error).toMatchObject({ _tag: 'Corrupt', offset: 4 })
      expect(error.message).toContain('a transaction marker without a type')
    })

    it.each([-1, 3, 127])('should refuse message format %i, which does not exist', (magic) => {
      const strange = rewritten(batchAt(7, values('a')), (bytes) => bytes.writeInt8(magic, MAGIC_AT))
      const error = failure(() => open(fetched(strange)).take(1))
      expect(error).toMatchObject({ _tag: 'Corrupt', topic: 'orders', partition: 1, offset: 7 })
    })

    it.each([1, 2, 3, 4])('should report what codec %i cannot inflate', (code) => {
      const compressed = rewritten(batchAt(3, values('a')), (bytes) => bytes.writeInt16BE(code, ATTRIBUTES_AT))
      expect(failure(() => open(fetched(compressed)).take(1))).toMatchObject({ _tag: 'Corrupt', offset: 3 })
    })

    it('should never do anything but give records or throw one typed error, whatever byte is wrong', () => {
      const batches = [
        batchAt(0, { records: [{ key: 'k', value: 'a', headers: [{ key: 'h', value: null }] }] }),
        batchAt(1, { ...values('b', 'c'), compression: 'gzip' }),
        markerAt(3, 1n, 'abort'),
      ]
      const bytes = Buffer.concat(batches)
      const abortedTransactions = [{ producerId: 1n, firstOffset: 0 }]
      fc.assert(
        fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.boolean(), (at, byte, checkCrcs) => {
          const damaged = Buffer.from(bytes)
          damaged[at] = byte
          const partition = open(fetched(damaged, { abortedTransactions }), 0, 'read_committed', checkCrcs)
          for (let rounds = 0; !partition.exhausted; rounds++) {
            expect(rounds).toBeLessThan(10)
            const before = partition.position
            let records: ConsumerRecord[]
            try {
              records = partition.take(1)
            } catch (error) {
              expect(error).toMatchObject({ topic: 'orders', partition: 1, offset: expect.any(Number) })
              expect(isKafkaError(error)).toBe(true)
              break
            }
            for (const record of records) expect(record.headers.length).toBeLessThan(2)
            expect(partition.position).toBeGreaterThan(before)
          }
        }),
        { numRuns: 2000, examples: [[69, 4, false]] },
      )
    })
  })
})
