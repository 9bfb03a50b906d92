import { describe, expect, it } from '@jest/globals'
import { Subject, VirtualTimeScheduler, of } from 'rxjs'
import { combineWatermarks } from '../../lib/eventtime/combineWatermarks.js'
import { unionElements } from '../../lib/eventtime/unionElements.js'
import type { WatermarkHolder } from '../../lib/eventtime/WatermarkHolder.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { idle, watermark } from '../support/elements.js'

describe('the input that holds a merged watermark', () => {
  const merge = (how: 'combineWatermarks' | 'unionElements') => {
    const scheduler = new VirtualTimeScheduler()
    const told: (WatermarkHolder | undefined)[] = []
    const config = { scheduler, watermarkHolder$: { next: (holder: WatermarkHolder | undefined) => told.push(holder) } }
    const [a, b] = [new Subject<StreamElement<string>>(), new Subject<StreamElement<string>>()]
    const merged$ =
      how === 'unionElements'
        ? unionElements({ a, b }, config)
        : of({ id: 'a', elements: a }, { id: 'b', elements: b }).pipe(combineWatermarks(config))
    merged$.subscribe()
    const at = (time: number, act: () => void): void => {
      scheduler.schedule(act, time)
    }
    return { a, b, at, told, run: () => scheduler.flush() }
  }

  it.each(['combineWatermarks', 'unionElements'] as const)(
    'should be told by name, when anything changes: %s',
    (how) => {
      const { a, b, at, told, run } = merge(how)
      at(10, () => a.next(watermark(5)))
      at(20, () => b.next(watermark(7)))
      at(30, () => a.next(watermark(9)))
      at(40, () => b.next(idle))
      at(50, () => a.next(idle))
      run()
      expect(told.slice(-5)).toEqual([
        { id: 'b', watermark: -Infinity, since: 10, watermarkWithout: 5 },
        { id: 'a', watermark: 5, since: 20, watermarkWithout: 7 },
        { id: 'b', watermark: 7, since: 30, watermarkWithout: 9 },
        { id: 'a', watermark: 9, since: 40, watermarkWithout: 9 },
        undefined,
      ])
    },
  )
})
