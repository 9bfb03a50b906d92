import { describe, expect, it } from '@jest/globals'
import { VirtualTimeScheduler } from 'rxjs'
import { Turns } from '../../lib/source/reader/Turns.js'

describe('Turns', () => {
  it('should do one step at a time, whatever a step brings about', () => {
    const scheduler = new VirtualTimeScheduler()
    let depth = 0
    let deepest = 0
    let steps = 0
    const turns: Turns = new Turns(scheduler, () => {
      deepest = Math.max(deepest, ++depth)
      steps++
      if (steps < 5) {
        turns.ask()
        turns.run()
      }
      depth--
    })
    turns.ask()
    expect(steps).toBe(0)
    scheduler.flush()
    expect({ steps, deepest }).toEqual({ steps: 5, deepest: 1 })
  })

  it('should have one turn for all that ask for a later one, and tell when it is there', () => {
    const scheduler = new VirtualTimeScheduler()
    const steps: string[] = []
    const turns: Turns = new Turns(scheduler, () => {
      steps.push(`${scheduler.now()} ${first.closed}`)
    })
    const first = turns.askLater(10)
    scheduler.schedule(() => expect(turns.askLater(10)).toBe(first), 9)
    scheduler.schedule(() => turns.askLater(10), 20)
    scheduler.flush()
    expect(steps).toEqual(['10 true', '30 true'])
  })

  it('should do nothing once it is closed', () => {
    const scheduler = new VirtualTimeScheduler()
    let steps = 0
    const turns = new Turns(scheduler, () => {
      steps++
    })
    turns.ask()
    turns.askLater(1)
    turns.close()
    turns.ask()
    turns.askLater(1)
    turns.run()
    scheduler.flush()
    expect(steps).toBe(0)
  })
})
