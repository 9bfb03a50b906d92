import { describe, expect, it } from '@jest/globals'
import { tally } from './tally.js'

const seen = (...values: string[]) => values.map((value) => ({ partition: Number(value[0]), value }))

describe('tally', () => {
  it('should count each span of what was written for itself', () => {
    const all = seen('0:0', '1:0', '0:1', '0:2', '1:1')
    expect(
      tally(all, [
        [1, 1],
        [3, 2],
      ]),
    ).toEqual([
      { records: 2, lost: 0, doubled: 0, outOfOrder: 0 },
      { records: 3, lost: 0, doubled: 0, outOfOrder: 0 },
    ])
  })

  it('should find what is lost, doubled and out of order, in its span', () => {
    const wrong = seen('0:0', '0:3', '0:1', '0:4', '0:4', '0:4')
    expect(tally(wrong, [[3], [6]])).toEqual([
      { records: 3, lost: 1, doubled: 0, outOfOrder: 1 },
      { records: 3, lost: 1, doubled: 2, outOfOrder: 0 },
    ])
  })

  it('should count what nobody wrote, or wrote elsewhere, as doubled', () => {
    const strange = [...seen('0:0', '0:1', '1:0'), { partition: 1, value: '0:0' }, { partition: 0, value: null }]
    expect(tally(strange, [[1, 1]])).toEqual([{ records: 2, lost: 0, doubled: 3, outOfOrder: 0 }])
  })

  it('should count all as lost when nothing is seen', () => {
    expect(tally([], [[2, 3]])).toEqual([{ records: 5, lost: 5, doubled: 0, outOfOrder: 0 }])
  })
})
