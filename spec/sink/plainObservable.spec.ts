import { describe, expect, it } from '@jest/globals'
import { concat, from, map, type Observable, of, tap } from 'rxjs'
import { DeliveryGuarantee } from '../../lib/sink/DeliveryGuarantee.js'
import { sinkTo } from '../../lib/sink/sinkTo.js'
import { StreamRecord } from '../../lib/stream/StreamRecord.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { Upstream } from '../support/elements.js'
import { SinkScene } from './sinkScene.js'

const { NONE, AT_LEAST_ONCE, EXACTLY_ONCE } = DeliveryGuarantee

/** What becomes of an Observable that is no stream of a source, and how much of it was taken. */
const written = (guarantee: DeliveryGuarantee, values$: Observable<unknown>) => {
  const scene = new SinkScene()
  let taken = 0
  scene.play(() => {
    const { kafka, scheduler } = scene
    // What the types refuse, JavaScript does all the same.
    const elements$ = (values$ as Observable<StreamElement<string>>).pipe(tap(() => taken++))
    scene.start(elements$.pipe(sinkTo(scene.sink({ guarantee }), { connect: kafka.connect, scheduler })))
  }, 60_000)
  const { committed, completions, errors } = scene
  return { committed, completions, errors, taken }
}

const records$ = from(['a', 'b']).pipe(map((value, n) => new StreamRecord(value, n)))

describe('sinkTo behind an ordinary Observable', () => {
  it.each([NONE, AT_LEAST_ONCE, EXACTLY_ONCE])(
    'should refuse its first record with %s, and name the way',
    (guarantee) => {
      const { errors, taken, committed } = written(guarantee, records$)
      expect(errors).toEqual([expect.objectContaining({ _tag: 'NoRestored', retriable: false })])
      expect(errors[0]?.message).toMatch(
        /begins with a stream element of kind "record", not with Restored.*source\.elements\(\).*onRecords\(\.\.\.\).*Restored first/,
      )
      expect([taken, committed]).toEqual([1, []])
    },
  )

  it.each([
    ['text', 'a string'],
    [null, 'null'],
    [undefined, 'undefined'],
    [{ value: 1 }, 'an object that is no stream element'],
    [new Upstream().end(), 'a stream element of kind "batchEnd"'],
  ])('should refuse %p by name', (value, name) => {
    const { errors } = written(NONE, of(value, value))
    expect(errors).toEqual([expect.objectContaining({ _tag: 'NoRestored' })])
    expect(errors[0]?.message).toContain(`begins with ${name}, not with Restored`)
  })

  it('should write it behind a Restored made by hand, with NONE', () => {
    expect(written(NONE, concat(of(new Upstream().restored()), records$))).toMatchObject({
      ...{ committed: ['a', 'b'], completions: 1, errors: [] },
    })
  })

  it.each([AT_LEAST_ONCE, EXACTLY_ONCE])('should refuse %s there, which rests on checkpoints', (guarantee) => {
    const { errors } = written(guarantee, concat(of(new Upstream().restored()), records$))
    expect(errors).toEqual([expect.objectContaining({ _tag: 'Config', retriable: false })])
  })

  it('should refuse it by its type, and take elements, and what is not known better', () => {
    const sink = new SinkScene().sink()
    const elements$ = of<StreamElement<string>>(new Upstream().restored())
    const untyped$ = of(1) as Observable<never>
    // @ts-expect-error -- records alone cannot begin with Restored
    records$.pipe(sinkTo(sink))
    // @ts-expect-error -- values are no stream elements
    of('a').pipe(sinkTo(sink))
    // @ts-expect-error -- the sink writes text
    of<StreamElement<number>>(new Upstream().restored()).pipe(sinkTo(sink))
    expect([elements$.pipe(sinkTo(sink)), untyped$.pipe(sinkTo(sink))]).toHaveLength(2)
  })
})
