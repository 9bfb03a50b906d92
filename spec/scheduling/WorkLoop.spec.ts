import { describe, expect, it } from '@jest/globals'
import { Subject, timer, VirtualTimeScheduler } from 'rxjs'
import { WorkLoop } from '../../lib/scheduling/WorkLoop.js'

/** Notes how deep its steps are, and asks in each as the script says. */
const scripted = (script: readonly ((loop: WorkLoop) => void)[], turn$ = new Subject<void>()) => {
  let depth = 0
  const depths: number[] = []
  const loop: WorkLoop = new WorkLoop(
    () => {
      depths.push(++depth)
      script[depths.length - 1]?.(loop)
      depth--
    },
    { turn$ },
  )
  return { loop, depths, turn$ }
}

describe('WorkLoop', () => {
  it('should do one step after the other, however they ask', () => {
    const { loop, depths } = scripted([(self) => self.run(), (self) => self.ask(), (self) => self.run()])
    loop.run()
    expect(depths).toEqual([1, 1, 1, 1])
  })

  it('should do one step for all that is asked for before the turn', () => {
    const { loop, depths, turn$ } = scripted([])
    loop.ask()
    loop.ask()
    expect(depths).toEqual([])
    turn$.next()
    turn$.next()
    expect(depths).toEqual([1])
    loop.ask()
    turn$.next()
    expect(depths).toEqual([1, 1])
  })

  it('should do now what was asked for a turn to come, when it is run before', () => {
    const { loop, depths } = scripted([])
    loop.ask()
    loop.run()
    expect(depths).toEqual([1])
  })

  it('should keep steps away while it is entered, and do them then', () => {
    const { loop, depths } = scripted([])
    expect(loop.enter()).toBe(true)
    expect([loop.running, loop.enter()]).toEqual([true, false])
    loop.run()
    expect(depths).toEqual([])
    loop.leave()
    expect([depths, loop.running]).toEqual([[1], false])
    loop.enter()
    loop.leave()
    expect(depths).toEqual([1])
  })

  it('should leave the rest to a turn of its own when its time is used up', () => {
    const scheduler = new VirtualTimeScheduler()
    const at: number[] = []
    let clock = 0
    const loop: WorkLoop = new WorkLoop(
      () => {
        at.push(scheduler.now())
        clock += 4
        if (at.length < 5) loop.ask()
      },
      { turn$: timer(1, scheduler), budget: { ms: 10, now: () => clock } },
    )
    loop.run()
    expect(at).toEqual([0, 0, 0])
    scheduler.flush()
    expect(at).toEqual([0, 0, 0, 1, 1])
  })

  it('should go on after a step that throws', () => {
    const { loop, depths } = scripted([
      () => {
        throw new Error('once')
      },
    ])
    expect(() => loop.run()).toThrow('once')
    loop.run()
    expect(depths).toEqual([1, 2])
  })

  it('should do nothing once it is closed', () => {
    const { loop, depths, turn$ } = scripted([])
    loop.ask()
    loop.close()
    loop.ask()
    loop.run()
    turn$.next()
    expect([depths, turn$.observed, loop.isClosed]).toEqual([[], false, true])
  })
})
