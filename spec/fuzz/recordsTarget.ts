import { deepStrictEqual, ok } from 'node:assert/strict'
import { crc32 } from 'node:zlib'
import type { ConsumerRecord } from '../../lib/client/ConsumerRecord.js'
import { isKafkaError, type KafkaError } from '../../lib/client/KafkaError.js'
import { batchesEnd } from '../../lib/cluster/fetcher/batchesEnd.js'
import type { AbortedTransaction } from '../../lib/protocol/abortedTransactions.js'
import { crc32c } from '../../lib/protocol/crc32c.js'
import { decodeRecordBatches } from '../../lib/protocol/decodeRecordBatches.js'
import { fetched } from '../support/encodedBatches.js'
import type { FuzzTarget } from './FuzzTarget.js'
import { type ReferenceRecord, referenceRecords } from './referenceRecords.js'
import { recordSeeds } from './recordSeeds.js'

/**
 * One partition's records:
 *
 *   input => options fetchOffset [aborted] records
 *     options => UINT8     bit 0: check.crcs; bits 1-2: how many records are taken at a time
 *     fetchOffset => UINT8
 *     aborted => producerId firstOffset       UINT8 count, at most 3
 *       producerId => UINT16, firstOffset => UINT8
 *     records              as a broker answers them
 *
 * What must come of it: the records that `referenceRecords` finds, whatever the pieces they are taken in; then the end of the
 * fetch, or one error that names topic, partition and offset, and the same one when asked again.
 */
export const recordsTarget: FuzzTarget = {
  name: 'records',
  seeds: () => recordSeeds.flatMap((records) => [1, 3, 5, 7].map((options) => inputOf(options, 0, records))),
  run: (input) => {
    const { checkCrcs, max, fetchOffset, aborted, records } = parsed(input)
    expectRecords(records, { checkCrcs, max, fetchOffset, aborted })
  },
  repair: (input, random) => {
    const bytes = Buffer.from(input)
    repairBatches(bytes.subarray(parsed(input).recordsAt), random(2) === 0)
    return bytes
  },
}

const SIZES = [1, 2, 5, Infinity]

const inputOf = (options: number, fetchOffset: number, records: Buffer): Buffer => {
  const producerId = Number(records.length >= 51 ? BigInt.asUintN(16, records.readBigInt64BE(43)) : 0n)
  return Buffer.concat([Buffer.from([options, fetchOffset, 1, producerId >> 8, producerId & 0xff, 0]), records])
}

const parsed = (input: Buffer) => {
  const options = input[0] ?? 0
  const count = Math.min(input[2] ?? 0, 3)
  const aborted = Array.from({ length: count }, (_, i) => ({
    producerId: BigInt(((input[3 + 3 * i] ?? 0) << 8) | (input[4 + 3 * i] ?? 0)),
    firstOffset: input[5 + 3 * i] ?? 0,
  }))
  const recordsAt = 3 + 3 * count
  const common = { checkCrcs: (options & 1) !== 0, max: SIZES[(options >> 1) & 3]!, fetchOffset: input[1] ?? 0 }
  return { ...common, aborted, recordsAt, records: input.subarray(recordsAt) }
}

/** Of every whole entry its checksum; of the last one its length too, so that cut ones are not only passed over. */
const repairBatches = (bytes: Buffer, cutToo: boolean): void => {
  for (let at = 0; bytes.length - at >= 26;) {
    const magic = bytes.readInt8(at + 16)
    const overhead = [26, 34, 61][magic] ?? 61
    const size = 12 + bytes.readInt32BE(at + 8)
    const end = at + size
    if (size < overhead || end > bytes.length) {
      if (!cutToo || bytes.length - at < overhead) return
      bytes.writeInt32BE(bytes.length - at - 12, at + 8)
      continue
    }
    if (magic === 2) bytes.writeUInt32BE(crc32c(bytes, at + 21, end), at + 17)
    else bytes.writeUInt32BE(crc32(bytes.subarray(at + 16, end)), at + 12)
    at = end
  }
}

export interface ExpectOptions {
  readonly checkCrcs: boolean
  /** at a time */
  readonly max: number
  readonly fetchOffset: number
  readonly aborted: readonly AbortedTransaction[]
}

export const expectRecords = (bytes: Buffer, { checkCrcs, max, fetchOffset, aborted }: ExpectOptions): void => {
  const expected = referenceRecords(bytes, { checkCrcs, fetchOffset, aborted })
  const response = fetched(bytes, { abortedTransactions: aborted })
  const fetch = decodeRecordBatches(response, fetchOffset, { isolationLevel: 'read_committed', checkCrcs })

  const records: ReferenceRecord[] = []
  let error: KafkaError | undefined
  while (!fetch.exhausted && error === undefined) {
    const before = fetch.position
    try {
      const taken = fetch.take(max)
      ok(taken.length <= max, 'more records than asked for')
      ok(taken.length > 0 || fetch.exhausted || fetch.position > before, 'take makes no progress')
      records.push(...taken.map(shown))
    } catch (thrown) {
      error = typed(thrown)
    }
  }

  deepStrictEqual(records, expected.records)
  ok(expected.damaged === (error !== undefined), `${expected.damaged ? 'no ' : ''}damage is reported: ${String(error)}`)
  if (error === undefined) {
    ok(fetch.position === expected.position, `the position is ${fetch.position} instead of ${expected.position}`)
    const end = batchesEnd(bytes)
    ok(fetch.position === Math.max(fetchOffset, end.nextOffset ?? 0), `the next fetch begins at ${end.nextOffset}`)
  } else {
    let again: unknown
    try {
      fetch.take(max)
    } catch (thrown) {
      again = thrown
    }
    ok(again === error, 'another error when asked again')
  }
}

const typed = (error: unknown): KafkaError => {
  if (!isKafkaError(error)) throw error
  const { _tag, topic, partition, offset = -1 } = error
  ok(_tag === 'Corrupt' || _tag === 'Unsupported', `a ${_tag} error`)
  ok(topic === 'orders' && partition === 1, 'the error does not say where')
  ok(Number.isSafeInteger(offset) && offset >= 0, `the error names offset ${offset}`)
  return error
}

const shown = ({ offset, key, value, headers, timestamp }: ConsumerRecord): ReferenceRecord => ({
  offset,
  key: key?.toString('latin1') ?? null,
  value: value?.toString('latin1') ?? null,
  headers: headers.map((header) => ({
    key: header.key,
    value: header.value === null ? null : (header.value as Buffer).toString('latin1'),
  })),
  timestamp,
})
