import { describe, expect, it } from '@jest/globals'
import { VirtualTimeScheduler } from 'rxjs'
import { ReaderLoop } from '../../lib/source/reader/ReaderLoop.js'

describe('ReaderLoop', () => {
  it('should do one step at a time, whatever a step brings about', () => {
    const scheduler = new VirtualTimeScheduler()
    let depth = 0
    let deepest = 0
    let steps = 0
    const loop: ReaderLoop = new ReaderLoop(scheduler, () => {
      deepest = Math.max(deepest, ++depth)
      steps++
      if (steps < 5) {
        loop.ask()
        loop.run()
      }
      depth--
    })
    loop.ask()
    expect(steps).toBe(0)
    scheduler.flush()
    expect({ steps, deepest }).toEqual({ steps: 5, deepest: 1 })
  })

  it('should have one turn for all that ask for a later one, and tell when it is there', () => {
    const scheduler = new VirtualTimeScheduler()
    const steps: string[] = []
    const loop: ReaderLoop = new ReaderLoop(scheduler, () => {
      steps.push(`${scheduler.now()} ${first.closed}`)
    })
    const first = loop.askLater(10)
    scheduler.schedule(() => expect(loop.askLater(10)).toBe(first), 9)
    scheduler.schedule(() => loop.askLater(10), 20)
    scheduler.flush()
    expect(steps).toEqual(['10 true', '30 true'])
  })

  it('should do nothing once it is closed', () => {
    const scheduler = new VirtualTimeScheduler()
    let steps = 0
    const loop = new ReaderLoop(scheduler, () => {
      steps++
    })
    loop.ask()
    loop.askLater(1)
    loop.close()
    loop.ask()
    loop.askLater(1)
    loop.run()
    scheduler.flush()
    expect(steps).toBe(0)
  })
})
