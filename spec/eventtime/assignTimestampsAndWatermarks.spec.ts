import { describe, it } from '@jest/globals'
import { map, of } from 'rxjs'
import { assignTimestampsAndWatermarks } from '../../lib/eventtime/assignTimestampsAndWatermarks.js'
import { combineWatermarks } from '../../lib/eventtime/combineWatermarks.js'
import { WatermarkStrategy } from '../../lib/eventtime/WatermarkStrategy.js'
import type { BatchEnd } from '../../lib/stream/BatchEnd.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { Upstream, active, idle, record, show, watermark } from '../support/elements.js'
import { runMarbles } from '../support/runMarbles.js'

type Elements = StreamElement<string>

const ascending = WatermarkStrategy.forMonotonousTimestamps<string>()
const every5 = { autoWatermarkInterval: 5 }

describe('assignTimestampsAndWatermarks', () => {
  const up = new Upstream()
  const elements = {
    r: up.restored(),
    a: record('a', 10),
    b: record('b', 20),
    c: record('c', 5),
    e: up.end(),
    n: up.barrier(7),
    M: watermark(Infinity),
    w: watermark(99),
    i: idle,
    j: active,
    f: up.barrier(8, 'finished'),
    s: up.barrier(8, 'suspend'),
  }
  const shown = {
    r: 'R',
    a: 'a@10',
    b: 'b@20',
    c: 'c@5',
    A: 'W9',
    B: 'W19',
    e: 'end',
    n: 'B7',
    M: 'WInfinity',
    i: 'idle',
    j: 'active',
    f: 'B8 finished',
    s: 'B8 suspend',
  }

  it('should emit the watermark of the records at the next tick, when it grows', () => {
    runMarbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  r-a----b-c--------|', elements)
      const expected = '    r-a--A-b-cB-------|'
      const subscription = '^-----------------!'
      expectObservable(source.pipe(assignTimestampsAndWatermarks(ascending, every5), map(show))).toBe(expected, shown)
      expectSubscriptions(source.subscriptions).toBe(subscription)
    })
  })

  it('should tick every 200 ms by default, and never when told so', () => {
    runMarbles(({ hot, expectObservable }) => {
      const source = hot('  ra 997ms |', elements)
      expectObservable(source.pipe(assignTimestampsAndWatermarks(ascending), map(show))).toBe(
        'ra 198ms A 798ms |',
        shown,
      )
      expectObservable(
        source.pipe(assignTimestampsAndWatermarks(ascending, { autoWatermarkInterval: 0 }), map(show)),
      ).toBe('ra 997ms |', shown)
    })
  })

  it('should take the timestamps from the assigner, which sees that of the record', () => {
    runMarbles(({ hot, expectObservable }) => {
      const strategy = ascending.withTimestampAssigner((value, timestamp) => (value === 'a' ? 1000 : timestamp + 1))
      const source = hot(' rab---|', elements)
      const expected = '   rxy--w|'
      expectObservable(source.pipe(assignTimestampsAndWatermarks(strategy, every5), map(show))).toBe(expected, {
        ...shown,
        x: 'a@1000',
        y: 'b@21',
        w: 'W999',
      })
    })
  })

  it('should emit a record before the watermark that it causes', () => {
    runMarbles(({ hot, expectObservable }) => {
      const punctuated = WatermarkStrategy.forGenerator<string>(() => ({
        onEvent: (_, timestamp, output) => {
          output.emitWatermark(timestamp)
        },
        onPeriodicEmit: () => undefined,
      }))
      const source = hot(' r(ac)--b---|', elements)
      const expected = '   r(axc)-(by)|'
      expectObservable(source.pipe(assignTimestampsAndWatermarks(punctuated), map(show))).toBe(expected, {
        ...shown,
        x: 'W10',
        y: 'W20',
      })
    })
  })

  it('should drop watermarks and statuses that come in, but the final one', () => {
    runMarbles(({ hot, expectObservable }) => {
      const source = hot(' rwi-jM---------|', elements)
      const expected = '   r----M---------|'
      expectObservable(source.pipe(assignTimestampsAndWatermarks(ascending, every5), map(show))).toBe(expected, shown)
    })
  })

  it('should keep barriers and batch ends in their place, and emit no watermark after the end', () => {
    runMarbles(({ hot, expectObservable }) => {
      const source = hot(' raen--(Mf)----------|', elements)
      const expected = '   raen--(Mf)----------|'
      expectObservable(
        source.pipe(assignTimestampsAndWatermarks(ascending, { autoWatermarkInterval: 7 }), map(show)),
      ).toBe(expected, shown)
      const suspended = hot('ras-----------------|', elements)
      expectObservable(suspended.pipe(assignTimestampsAndWatermarks(ascending, every5), map(show))).toBe(
        '                     ras-----------------|',
        shown,
      )
    })
  })

  it('should emit nothing before Restored', () => {
    runMarbles(({ hot, expectObservable }) => {
      const eager = WatermarkStrategy.forGenerator<string>(() => ({
        onEvent: () => undefined,
        onPeriodicEmit: (output) => {
          output.emitWatermark(10)
        },
      }))
      const source = hot(' -------r---|', elements)
      const expected = '   -------r--A|'
      expectObservable(source.pipe(assignTimestampsAndWatermarks(eager, every5), map(show))).toBe(expected, {
        ...shown,
        A: 'W10',
      })
    })
  })

  describe('withIdleness', () => {
    const idling = ascending.withIdleness(10)

    it('should mark a quiet split idle strictly after the timeout, and active before its next record', () => {
      runMarbles(({ hot, expectObservable }) => {
        // Ticks at 5, 10, ...: the one at 5 saw a record, the quiet begins at 10, and is longer than 10 ms at 25.
        const source = hot(' ra------------------------b-------------|', elements)
        const expected = '   ra---A-------------------i(jb)B---------|'
        expectObservable(source.pipe(assignTimestampsAndWatermarks(idling, every5), map(show))).toBe(expected, shown)
      })
    })

    it('should be active after an older record too: the others have to wait again', () => {
      runMarbles(({ hot, expectObservable }) => {
        const source = hot(' ra---------------------------c---------|', elements)
        const expected = '   ra---A-------------------i---(jc)------|'
        expectObservable(source.pipe(assignTimestampsAndWatermarks(idling, every5), map(show))).toBe(expected, shown)
      })
    })

    it('should not count the time in which the end asks for nothing', () => {
      runMarbles(({ hot, expectObservable, cold }) => {
        const source = hot(' raee---------------------------------------|', elements)
        const ends: BatchEnd[] = []
        const result = source.pipe(
          assignTimestampsAndWatermarks(idling, every5),
          map((element) => {
            if (element.kind === 'batchEnd') ends.push(element)
            return show(element)
          }),
        )
        const expected = '   raee-A-----------------------------i-------|'
        cold('20ms x').subscribe(() => {
          ends[0]!.acknowledge()
        })
        // Quiet from 10, but the clock has stood still from 3 to 20.
        expectObservable(result).toBe(expected, shown)
      })
    })
  })

  it('should give with combineWatermarks the watermark of all splits', () => {
    runMarbles(({ hot, expectObservable }) => {
      // The first split to end gives way to the watermark of the other.
      const splits = [hot<Elements>('ra-------|', elements), hot<Elements>('r--b-----|', elements)]
      const expected = '             ra-b-A---(B|)'
      expectObservable(
        of(
          ...splits.map((split, index) => ({
            id: `${index}`,
            elements: split.pipe(assignTimestampsAndWatermarks(ascending, every5)),
          })),
        ).pipe(combineWatermarks(), map(show)),
      ).toBe(expected, shown)
    })
  })

  it('should fail with what assigner or generator throw, and with the error of the source', () => {
    runMarbles(({ hot, expectObservable, expectSubscriptions }) => {
      const failing = (): never => {
        throw 'error'
      }
      const assigner = ascending.withTimestampAssigner(failing)
      const source = hot('ra--', elements)
      expectObservable(source.pipe(assignTimestampsAndWatermarks(assigner), map(show))).toBe('r#', shown)
      expectSubscriptions(source.subscriptions).toBe('^!')
      const generator = WatermarkStrategy.forGenerator<string>(() => ({
        onEvent: () => undefined,
        onPeriodicEmit: failing,
      }))
      expectObservable(hot('r---', elements).pipe(assignTimestampsAndWatermarks(generator, every5), map(show))).toBe(
        'r----#',
        shown,
      )
      expectObservable(hot('r--#', elements).pipe(assignTimestampsAndWatermarks(ascending), map(show))).toBe(
        'r--#',
        shown,
      )
    })
  })

  it('should pass never and empty, and stop ticking when it is unsubscribed from or has completed', () => {
    runMarbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      expectObservable(cold<Elements>('-').pipe(assignTimestampsAndWatermarks(ascending)), '^ 1s !').toBe('-')
      expectObservable(cold<Elements>('|').pipe(assignTimestampsAndWatermarks(ascending))).toBe('|')
      const source = hot('ra--', elements)
      expectObservable(source.pipe(assignTimestampsAndWatermarks(ascending, every5), map(show)), '^--!').toBe(
        'ra',
        shown,
      )
      expectSubscriptions(source.subscriptions).toBe('^--!')
    })
  })
})
