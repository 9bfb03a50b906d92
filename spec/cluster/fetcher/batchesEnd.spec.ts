import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { batchesEnd } from '../../../lib/cluster/fetcher/batchesEnd.js'
import { LEADER_EPOCH_AT, MAGIC_AT } from '../../../lib/protocol/RecordBatch.js'
import { legacyMessage } from '../../support/legacyMessages.js'
import { batchAt, emptyBatchAt, markerAt } from '../../support/encodedBatches.js'

const batch = (baseOffset: number, lastOffsetDelta = 0): Buffer =>
  batchAt(baseOffset, { records: [{ value: 'x' }] }, lastOffsetDelta)

describe('batchesEnd', () => {
  it('should find nothing in an empty fetch', () => {
    expect(batchesEnd(Buffer.alloc(0))).toEqual({ nextOffset: undefined, bytes: 0, needed: undefined })
  })

  it('should end behind the last batch, markers, empty batches and holes at the tail included', () => {
    const end = (last: Buffer) => batchesEnd(Buffer.concat([batch(3), last])).nextOffset

    expect(end(batch(4))).toBe(5)
    expect(end(batch(4, 9))).toBe(14)
    expect(end(emptyBatchAt(4, 2))).toBe(7)
    expect(end(markerAt(4, 1n, 'commit'))).toBe(5)
  })

  it('should end behind the highest offset when batches overlap, as the decoder does', () => {
    expect(batchesEnd(Buffer.concat([batch(3, 9), batch(4)])).nextOffset).toBe(13)
  })

  it('should tell which leader wrote the last batch', () => {
    const [first, second] = [batch(0), batch(1)]
    first.writeInt32BE(4, LEADER_EPOCH_AT)
    second.writeInt32BE(7, LEADER_EPOCH_AT)

    expect(batchesEnd(Buffer.concat([first, second])).leaderEpoch).toBe(7)
    expect(batchesEnd(Buffer.concat([first, second.subarray(0, 40)])).leaderEpoch).toBe(4)
  })

  it('should leave out a batch that is cut off', () => {
    const [first, second] = [batch(0), batch(1)]

    expect(batchesEnd(Buffer.concat([first, second.subarray(0, 40)]))).toEqual({
      nextOffset: 1,
      leaderEpoch: -1,
      bytes: first.length,
      needed: undefined,
    })
  })

  it('should say how much the first batch needs when it does not fit', () => {
    const first = batch(0)

    expect(batchesEnd(first.subarray(0, 40))).toEqual({ nextOffset: undefined, bytes: 0, needed: first.length })
    expect(batchesEnd(first.subarray(0, 5)).needed).toBeGreaterThan(0)
  })

  it('should go from message to message of formats 0 and 1, each at its own offset', () => {
    const old = [3, 4].map((offset) => legacyMessage({ magic: offset === 3 ? 0 : 1, offset, value: 'abc' }))
    const bytes = Buffer.concat([...old, batch(7)])

    expect(batchesEnd(Buffer.concat(old))).toMatchObject({ nextOffset: 5, leaderEpoch: -1, needed: undefined })
    expect(batchesEnd(bytes)).toMatchObject({ nextOffset: batchesEnd(batch(7)).nextOffset, bytes: bytes.length })
  })

  it('should leave damage to the decoder, as one batch to the end', () => {
    const unknown = batch(7)
    unknown.writeInt8(3, MAGIC_AT)
    const damaged = batch(7)
    damaged.writeInt32BE(-5, 8)

    expect(batchesEnd(unknown)).toEqual({ nextOffset: 8, bytes: unknown.length, needed: undefined })
    expect(batchesEnd(damaged)).toEqual({ nextOffset: 8, bytes: damaged.length, needed: undefined })
  })

  it('should end on any bytes at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const { nextOffset, bytes: taken, needed } = batchesEnd(Buffer.from(bytes))
        expect(taken).toBeLessThanOrEqual(bytes.length)
        expect(nextOffset === undefined && needed === undefined).toBe(bytes.length === 0)
      }),
    )
  })
})
