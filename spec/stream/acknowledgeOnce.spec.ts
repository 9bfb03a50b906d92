import { describe, expect, it } from '@jest/globals'
import { NEVER } from 'rxjs'
import { acknowledgeOnce } from '../../lib/stream/acknowledgeOnce.js'
import { batchEnd } from '../../lib/stream/BatchEnd.js'
import { copyBarrier } from '../../lib/stream/CheckpointBarrier.js'
import { Upstream } from '../support/elements.js'

describe('acknowledgeOnce', () => {
  it('should let the first acknowledgement through, and refuse a second with a way out', () => {
    let count = 0
    const acknowledge = acknowledgeOnce('The barrier of checkpoint 7', () => count++)
    acknowledge()
    expect(count).toBe(1)
    expect(acknowledge).toThrow(
      expect.objectContaining({
        _tag: 'AcknowledgedTwice',
        retriable: false,
        message: expect.stringMatching(/^The barrier of checkpoint 7 .*branch/),
      }),
    )
    expect(count).toBe(1)
  })

  it('should guard batch ends, which name their split', () => {
    const end = batchEnd(() => undefined, 'flights-0')
    end.acknowledge()
    expect(() => {
      end.acknowledge()
    }).toThrow(/^The end of a batch of flights-0 was acknowledged twice/)
  })

  it('should guard copies of barriers, which are otherwise the same', () => {
    const up = new Upstream()
    const barrier = up.barrier(7, 'finished', NEVER)
    const copy = copyBarrier(barrier, { acknowledge: () => up.calls.push('copy'), end: undefined })
    copy.snapshot('sink', {})
    copy.acknowledge()
    expect(copy).toMatchObject({ kind: 'barrier', checkpointId: 7, end: undefined, outcome$: NEVER })
    expect(up.calls).toEqual(['snapshot B7 sink', 'copy'])
    expect(() => {
      copy.acknowledge()
    }).toThrow(/branch/)
  })
})
