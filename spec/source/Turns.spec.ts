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

  it('should do nothing once it is closed', () => {
    const scheduler = new VirtualTimeScheduler()
    let steps = 0
    const turns = new Turns(scheduler, () => {
      steps++
    })
    turns.ask()
    turns.close()
    turns.ask()
    turns.run()
    scheduler.flush()
    expect(steps).toBe(0)
  })
})
