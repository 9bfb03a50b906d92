import { describe, expect, it } from '@jest/globals'
import { concat, from, map, type Observable, of } from 'rxjs'
import { DeliveryGuarantee } from '../../lib/sink/DeliveryGuarantee.js'
import { sinkTo } from '../../lib/sink/sinkTo.js'
import { StreamRecord } from '../../lib/stream/StreamRecord.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { type MarbleHelpers, runMarbles } from '../../lib/testing/runMarbles.js'
import { Upstream } from '../../lib/testing/Upstream.js'
import { sinkOf, topics } from './support/copying.js'

const { NONE, AT_LEAST_ONCE, EXACTLY_ONCE } = DeliveryGuarantee

/** What becomes of an Observable that is no stream of a source: what the types refuse, JavaScript does all the same. */
const written = ({ options }: MarbleHelpers, guarantee: DeliveryGuarantee, values$: Observable<unknown>) =>
  (values$ as Observable<StreamElement<string>>).pipe(sinkTo(sinkOf({ guarantee }), options))

const records$ = from(['a', 'b']).pipe(map((value, n) => new StreamRecord(value, n)))

const noRestored = (message: string | RegExp) =>
  expect.objectContaining({ _tag: 'NoRestored', retriable: false, message: expect.stringMatching(message) })

describe('sinkTo behind an ordinary Observable', () => {
  it.each([NONE, AT_LEAST_ONCE, EXACTLY_ONCE])(
    'should refuse its first record with %s, and name the way',
    (guarantee) => {
      runMarbles({ topics }, (helpers) => {
        const { cold, expectObservable, expectSubscriptions, expectCommits } = helpers
        const records$ = cold('-ab', { a: new StreamRecord('a', 1), b: new StreamRecord('b', 2) })
        const refused = noRestored(
          /begins with a stream element of kind "record", not with Restored.*source\.elements\(\).*onRecords\(\.\.\.\).*Restored first/,
        )
        expectObservable(written(helpers, guarantee, records$)).toBe('-#', {}, refused)
        expectSubscriptions(records$.subscriptions).toBe('^!')
        expectCommits('out').toBe('-')
      })
    },
  )

  it.each([
    ['text', 'a string'],
    [null, 'null'],
    [undefined, 'undefined'],
    [{ value: 1 }, 'an object that is no stream element'],
    [new Upstream().end(), 'a stream element of kind "batchEnd"'],
  ])('should refuse %p by name', (value, name) => {
    runMarbles({ topics }, (helpers) => {
      const refused = noRestored(`begins with ${name}, not with Restored`)
      helpers.expectObservable(written(helpers, NONE, of(value, value))).toBe('#', {}, refused)
    })
  })

  it('should write it behind a Restored made by hand, with NONE', () => {
    runMarbles({ topics }, (helpers) => {
      const elements$ = concat(of(helpers.upstream.restored()), records$)
      helpers.expectObservable(written(helpers, NONE, elements$)).toBe('|')
      helpers.expectCommits('out').toBe('x', { x: ['a', 'b'] })
    })
  })

  it.each([AT_LEAST_ONCE, EXACTLY_ONCE])('should refuse %s there, which rests on checkpoints', (guarantee) => {
    runMarbles({ topics }, (helpers) => {
      const elements$ = concat(of(helpers.upstream.restored()), records$)
      const refused = expect.objectContaining({ _tag: 'Config', retriable: false })
      helpers.expectObservable(written(helpers, guarantee, elements$)).toBe('#', {}, refused)
    })
  })

  it('should refuse it by its type, and take elements, and what is not known better', () => {
    const sink = sinkOf()
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
