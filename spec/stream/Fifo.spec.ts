import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { Fifo } from '../../lib/stream/Fifo.js'

describe('Fifo', () => {
  it('should be a queue, as an array is with push and shift', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(), fc.constant('shift' as const)), { maxLength: 200 }), (steps) => {
        const fifo = new Fifo<number>()
        const model: number[] = []
        for (const step of steps) {
          if (step === 'shift') expect(fifo.shift()).toBe(model.shift())
          else {
            fifo.push(step)
            model.push(step)
          }
          expect([fifo.length, fifo.first, fifo.last]).toEqual([model.length, model[0], model.at(-1)])
        }
      }),
    )
  })

  it('should stay in order when it is long, and let go of what has left', () => {
    const fifo = new Fifo<number>()
    let next = 0
    for (let i = 0; i < 4_000; i++) {
      fifo.push(i)
      if (i % 3 !== 0) expect(fifo.shift()).toBe(next++)
    }
    while (fifo.length > 0) expect(fifo.shift()).toBe(next++)
    expect(next).toBe(4_000)
    expect(fifo.shift()).toBeUndefined()
  })
})
