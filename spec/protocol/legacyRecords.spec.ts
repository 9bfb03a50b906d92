import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { isKafkaError, type KafkaError } from '../../lib/client/KafkaError.js'
import { batchesEnd } from '../../lib/cluster/fetcher/batchesEnd.js'
import { compressionCodec } from '../../lib/protocol/compression.js'
import { decodeRecordBatches, type FetchedPartition } from '../../lib/protocol/decodeRecordBatches.js'
import { batchAt, fetched } from '../support/encodedBatches.js'
import { legacyMessage, type LegacyMessageFields, legacyWrapper } from '../support/legacyMessages.js'
import { javaLegacyMessages } from './fixtures/javaLegacyMessages.js'

const open = (bytes: Buffer | Buffer[], from = 0, checkCrcs = true): FetchedPartition =>
  decodeRecordBatches(fetched(bytes), from, { isolationLevel: 'read_committed', checkCrcs })

interface Shown {
  readonly offset: number
  readonly key: string | null
  readonly value: string | null
  readonly timestamp: number
  readonly timestampType: string
}

const read = (partition: FetchedPartition, max = 100): Shown[] => {
  const all: Shown[] = []
  while (!partition.exhausted) {
    for (const { offset, key, value, timestamp, timestampType, headers, leaderEpoch } of partition.take(max)) {
      expect({ headers, leaderEpoch }).toEqual({ headers: [], leaderEpoch: -1 })
      all.push({ offset, key: key?.toString() ?? null, value: value?.toString() ?? null, timestamp, timestampType })
    }
  }
  return all
}

const failure = (partition: FetchedPartition): KafkaError => {
  try {
    partition.take(100)
  } catch (error) {
    if (isKafkaError(error)) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

/** The last bytes of a message are of its value. */
const damaged = (message: Buffer, at = message.length - 1): Buffer => {
  const copy = Buffer.from(message)
  copy[at]! ^= 1
  return copy
}

describe('messages of format 0 and 1', () => {
  it.each(Object.entries(javaLegacyMessages))('should be read as Java writes them: %s', (name, bytes) => {
    const start = 1_500_000_000_000
    const at = (timestamp: number) => {
      if (name.startsWith('format0')) return { timestamp: -1, timestampType: 'NoTimestampType' }
      if (name.endsWith('Appended')) return { timestamp: start + 9999, timestampType: 'LogAppendTime' }
      return { timestamp, timestampType: 'CreateTime' }
    }
    expect(read(open(bytes))).toEqual([
      { offset: 7, key: 'k1', value: 'hello', ...at(start) },
      { offset: 8, key: null, value: 'world', ...at(start + 5) },
      { offset: 9, key: 'k2', value: null, ...at(start - 1000) },
      { offset: 10, key: '', value: '', ...at(start + 5_000_000_000) },
    ])
    expect(batchesEnd(bytes)).toMatchObject({ nextOffset: 11, leaderEpoch: -1, bytes: bytes.length })
  })

  it('should be read as they were written, in whatever pieces, from whatever offset, beside batches of format 2', () => {
    const text = fc.option(fc.string({ maxLength: 8 }), { nil: null })
    const message = fc.record({ key: text, value: text, timestamp: fc.nat(2 ** 40) })
    const group = fc.record({
      magic: fc.constantFrom<0 | 1 | 2>(0, 1, 2),
      compression: fc.constantFrom<'none' | 'gzip' | 'snappy' | 'lz4'>('none', 'gzip', 'snappy', 'lz4'),
      logAppendTime: fc.boolean(),
      messages: fc.array(message, { minLength: 1, maxLength: 4 }),
      hole: fc.nat(2),
    })
    const log = fc.array(group, { maxLength: 5 })
    fc.assert(
      fc.property(log, fc.nat(20), fc.integer({ min: 1, max: 5 }), (groups, from, max) => {
        let offset = 0
        const expected: Shown[] = []
        const bytes = groups.map(({ magic, compression, logAppendTime, messages, hole }) => {
          offset += hole
          const base = offset
          offset += messages.length
          const appended = magic === 1 && logAppendTime
          const appendTime = Math.max(...messages.map(({ timestamp }) => timestamp)) + 1
          messages.forEach(({ key, value, timestamp }, i) =>
            expected.push({
              ...{ offset: base + i, key, value },
              timestamp: magic === 0 ? -1 : appended ? appendTime : timestamp,
              timestampType: magic === 0 ? 'NoTimestampType' : appended ? 'LogAppendTime' : 'CreateTime',
            }),
          )
          if (magic === 2) return batchAt(base, { records: messages, compression })
          const fields = messages.map((one, i): LegacyMessageFields => ({
            ...one,
            magic,
            offset: base + i,
            logAppendTime: appended,
          }))
          if (compression === 'none')
            return Buffer.concat(fields.map((one) => legacyMessage(appended ? { ...one, timestamp: appendTime } : one)))
          return legacyWrapper(fields, compression, {
            logAppendTime: appended,
            ...(appended ? { timestamp: appendTime } : {}),
          })
        })
        const partition = open(bytes, from)
        expect(read(partition, max)).toEqual(expected.filter((one) => one.offset >= from))
        expect(partition.position).toBe(Math.max(from, offset))
        expect(batchesEnd(Buffer.concat(bytes)).nextOffset ?? 0).toBe(offset)
      }),
      { numRuns: 300 },
    )
  })

  it('should be read where compaction has left holes between them', () => {
    const kept = [3, 5, 9].map((offset): LegacyMessageFields => ({ magic: 0, offset, value: `v${offset}` }))
    const relative = [0, 2, 6].map((offset) =>
      legacyMessage({ magic: 1, offset, timestamp: 1, value: `v${offset + 13}` }),
    )
    const value = compressionCodec('gzip').compress(Buffer.concat(relative))
    const log = [
      legacyWrapper(kept, 'gzip'),
      legacyMessage({ magic: 1, offset: 19, timestamp: 1, value, compression: 'gzip' }),
    ]

    expect(read(open(log)).map(({ offset, value: text }) => `${offset}:${String(text)}`)).toEqual([
      ...['3:v3', '5:v5', '9:v9'],
      ...['13:v13', '15:v15', '19:v19'],
    ])
  })

  it.each([
    ['0 within 0', 'NoTimestampType -1', 'NoTimestampType -1'],
    ['0 within 1', 'NoTimestampType -1', 'NoTimestampType -1'],
    ['1 within 0', 'CreateTime 5', 'LogAppendTime 5'],
    ['1 within 1', 'CreateTime 5', 'LogAppendTime 9'],
  ])(
    'should have the timestamp that Kafka reads, of format %s: %s, and by the time of append %s',
    (formats, ...kinds) => {
      const [inner, outer] = formats.split(' within ').map(Number) as [0 | 1, 0 | 1]
      const kindOf = (logAppendTime: boolean): string => {
        const message = legacyMessage({ magic: inner, offset: 0, timestamp: 5, value: 'a', logAppendTime })
        const value = compressionCodec('gzip').compress(message)
        const fields = { magic: outer, offset: 0, timestamp: 9, compression: 'gzip', logAppendTime } as const
        const [record] = read(open(legacyMessage({ ...fields, value })))
        return `${record!.timestampType} ${record!.timestamp}`
      }
      expect([kindOf(false), kindOf(true)]).toEqual(kinds)
    },
  )

  it('should be read where a log begins', () => {
    const first: LegacyMessageFields = { magic: 1, offset: 0, timestamp: 5, value: 'a' }
    expect(read(open(legacyWrapper([first], 'lz4')))).toMatchObject([{ offset: 0, value: 'a' }])
  })

  it('should leave out what is cut, in a fetch and in a wrapper', () => {
    const [first, second] = [0, 1].map((offset) => legacyMessage({ magic: 0, offset, value: 'abc' }))
    for (let length = 0; length < second!.length; length++) {
      const partition = open([first!, second!.subarray(0, length)])
      expect(read(partition)).toHaveLength(1)
      expect(partition.position).toBe(1)
    }
    const value = compressionCodec('gzip').compress(Buffer.concat([first!, second!.subarray(0, 20)]))
    expect(read(open(legacyMessage({ magic: 0, offset: 1, value, compression: 'gzip' })))).toHaveLength(1)
  })

  it('should say how many bytes the first needs that did not come whole', () => {
    const message = legacyMessage({ magic: 1, offset: 4, value: 'abc' })
    expect(open(message.subarray(0, 20)).truncatedBatchBytes).toBe(message.length)
    expect(batchesEnd(message.subarray(0, 20))).toMatchObject({ nextOffset: undefined, needed: message.length })
  })

  describe('that are damaged', () => {
    const message = (fields: Partial<LegacyMessageFields> = {}) =>
      legacyMessage({ magic: 1, offset: 4, timestamp: 1, key: 'k', value: 'abc', ...fields })
    const wrapperOf = (inner: Buffer, fields: Partial<LegacyMessageFields> = {}) =>
      message({ key: null, value: compressionCodec('gzip').compress(inner), compression: 'gzip', ...fields })
    const withLengths = (at: number, length: number): Buffer => {
      const copy = Buffer.from(message())
      copy.writeInt32BE(length, at)
      return copy
    }

    /** It ends where it begins. */
    const endless = Buffer.alloc(40, 5)
    endless.writeInt32BE(-12, 8)

    it.each<[string, Buffer, string]>([
      ['a checksum that fails', damaged(message()), 'fail their checksum'],
      ['a checksum that fails within a wrapper', wrapperOf(damaged(message())), 'fail their checksum'],
      ['an offset that cannot be', message({ offset: -1 }), 'an offset that cannot be'],
      ['a wrapper that holds nothing', wrapperOf(Buffer.alloc(0)), 'hold no message'],
      ['a wrapper without a value', message({ value: null, compression: 'gzip' }), 'cannot be decompressed (gzip'],
      [
        'a wrapper that cannot be inflated',
        message({ value: 'abc', compression: 'gzip' }),
        'cannot be decompressed (gzip',
      ],
      [
        'a wrapper within a wrapper',
        wrapperOf(wrapperOf(message({ offset: 0 }))),
        'compressed messages within compressed ones',
      ],
      ['a message that is too short', wrapperOf(Buffer.alloc(40)), 'a message that is too short'],
      [
        'a message that is too short for format 1',
        wrapperOf(Buffer.concat([message({ offset: 0 }), withLengths(8, 33 - 12).subarray(0, 33)])),
        'is too short',
      ],
      [
        'a message of no length and no known format',
        wrapperOf(Buffer.concat([message({ offset: 0 }), endless])),
        'is too short',
      ],
      ['a batch within a wrapper', wrapperOf(batchAt(0, { records: [{ value: 'a' }] })), 'a message of another format'],
      ['offsets beyond that of the wrapper', wrapperOf(message({ offset: 5 }), { offset: 4 }), 'more offsets than'],
      [
        'an offset beyond that of the wrapper in the middle',
        wrapperOf(Buffer.concat([message({ offset: 9 }), message({ offset: 0 })])),
        'an offset beyond their own',
      ],
    ])('should be refused, by %s', (_, bytes, problem) => {
      const error = failure(open(bytes))
      expect(error).toMatchObject({ _tag: 'Corrupt', topic: 'orders', partition: 1, retriable: false })
      expect(error.message).toContain(problem)
    })

    it('should be refused by lengths that contradict each other, checked or not', () => {
      const keyAt = 26
      for (const length of [-2, 2, 7, 100, 0x7fff_ffff, -0x8000_0000]) {
        expect(failure(open(withLengths(keyAt, length), 0, false)).message).toContain('lengths contradict each other')
      }
      expect(failure(open(withLengths(keyAt + 5, 2), 0, false)).message).toContain('lengths contradict each other')
      const within = wrapperOf(withLengths(keyAt, 7))
      expect(failure(open(within, 0, false)).message).toContain('lengths contradict each other')
    })

    it('should be read up to the damage', () => {
      const partition = open([message(), damaged(message({ offset: 5 }))])
      expect(read1(partition)).toEqual([4])
      expect(failure(partition)).toMatchObject({ offset: 5 })
    })

    it('should be read when nobody wants their checksums checked', () => {
      expect(open(wrapperOf(damaged(message())), 0, false).take(5)).toHaveLength(1)
    })

    it('should give records or one typed error, whatever byte is wrong', () => {
      const inner = [4, 5].map((offset): LegacyMessageFields => ({
        magic: 1,
        offset,
        timestamp: 1,
        key: 'k',
        value: 'v',
      }))
      const bytes = Buffer.concat([message(), legacyWrapper(inner, 'gzip'), legacyMessage({ magic: 0, offset: 6 })])
      fc.assert(
        fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.boolean(), (at, byte, checkCrcs) => {
          const copy = Buffer.from(bytes)
          copy[at] = byte
          const partition = open(copy, 0, checkCrcs)
          for (let rounds = 0; !partition.exhausted && rounds < 10; rounds++) {
            try {
              partition.take(2)
            } catch (error) {
              expect(isKafkaError(error)).toBe(true)
              return
            }
          }
          expect(partition.exhausted).toBe(true)
        }),
        { numRuns: 2000 },
      )
    })
  })
})

const read1 = (partition: FetchedPartition): number[] => partition.take(1).map(({ offset }) => offset)
