import { describe, expect, it } from '@jest/globals'
import { SpanPositions } from '../../lib/stream/SpanPositions.js'

const at = (partition: number, offset: number) => ({ topic: 't', partition, offset })
const range = (partition: number, firstOffset: number, lastOffset: number) => ({
  topic: 't',
  partition,
  firstOffset,
  lastOffset,
})

describe('SpanPositions', () => {
  it('should tell the runs of a span, gaps and all, and leave the others', () => {
    const positions = new SpanPositions()
    for (const offset of [3, 4, 9]) positions.add(at(0, offset))
    positions.close()
    for (const offset of [0, 1]) positions.add(at(1, offset))
    positions.close()
    positions.add(at(0, 10))
    expect(positions.take(5)).toEqual([range(0, 3, 9), range(1, 0, 1)])
    expect(positions.take(1)).toEqual([range(0, 10, 10)])
    expect(positions.take(0)).toEqual([])
  })

  it('should tell runs of one split apart where a span may end', () => {
    const positions = new SpanPositions()
    positions.add(at(0, 1))
    positions.close()
    positions.add(at(0, 2))
    expect(positions.take(1)).toEqual([range(0, 1, 1)])
    expect(positions.take(1)).toEqual([range(0, 2, 2)])
  })

  it('should keep count of records of which nothing is known', () => {
    const positions = new SpanPositions()
    positions.add(undefined)
    positions.add(undefined)
    positions.add(at(0, 7))
    positions.close()
    positions.add(at(0, 8))
    expect(positions.take(3)).toEqual([range(0, 7, 7)])
    expect(positions.take(1)).toEqual([range(0, 8, 8)])
  })

  it('should keep what it was told, though who told it changes it', () => {
    const positions = new SpanPositions()
    const record = { ...at(0, 5) }
    positions.add(record)
    record.offset = 99
    expect(positions.take(1)).toEqual([range(0, 5, 5)])
  })
})
