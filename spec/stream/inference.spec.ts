import { describe, it } from '@jest/globals'
import { expectTypeOf } from 'expect-type'
import { NEVER, filter, map, of, toArray } from 'rxjs'
import type { Observable } from 'rxjs'
import { branch } from '../../lib/stream/branch.js'
import { mapAsync } from '../../lib/stream/mapAsync.js'
import { onRecords } from '../../lib/stream/onRecords.js'
import { processBatches } from '../../lib/stream/processBatches.js'
import { recordsOnly } from '../../lib/stream/recordsOnly.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'

describe('the types of a pipeline', () => {
  const elements$: Observable<StreamElement<{ readonly delay: number }>> = NEVER

  it('should flow from operator to operator without annotations', () => {
    const values$ = elements$.pipe(
      onRecords(
        map(({ delay }) => delay),
        filter((delay) => delay > 0),
      ),
      mapAsync((delay) => of(`${delay.toFixed()} min`)),
      processBatches((records$) =>
        records$.pipe(
          map((text) => text.length),
          toArray(),
        ),
      ),
      recordsOnly(),
    )
    expectTypeOf(values$).toEqualTypeOf<Observable<number[]>>()
  })

  it('should reach the branches, and be the union of what they emit', () => {
    const events$ = elements$.pipe(
      branch(
        (flights$) => flights$.pipe(onRecords(map(({ delay }) => delay)), recordsOnly()),
        (flights$) => flights$.pipe(onRecords(map(({ delay }) => `${delay}`)), recordsOnly()),
      ),
    )
    expectTypeOf(events$).toEqualTypeOf<Observable<number | string>>()
  })
})
