import { describe, expect, it } from '@jest/globals'
import { Observable, map, of } from 'rxjs'
import type { OperatorFunction } from 'rxjs'
import { assignTimestampsAndWatermarks } from '../../lib/eventtime/assignTimestampsAndWatermarks.js'
import { combineWatermarks } from '../../lib/eventtime/combineWatermarks.js'
import { unionElements } from '../../lib/eventtime/unionElements.js'
import { WatermarkStrategy } from '../../lib/eventtime/WatermarkStrategy.js'
import { withIdleness } from '../../lib/eventtime/withIdleness.js'
import { batchEnd } from '../../lib/stream/BatchEnd.js'
import { branch } from '../../lib/stream/branch.js'
import { mapAsync } from '../../lib/stream/mapAsync.js'
import { onRecords } from '../../lib/stream/onRecords.js'
import { processBatches } from '../../lib/stream/processBatches.js'
import { recordsOnly } from '../../lib/stream/recordsOnly.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { StreamRecord } from '../../lib/stream/StreamRecord.js'

const BATCHES = 20_000

/** Sends a batch, and the next when it is acknowledged: from one loop, as a source does. `acknowledge` only sets a flag. */
const source = new Observable<StreamElement<number>>((subscriber) => {
  let demanded = true
  queueMicrotask(() => {
    for (let batch = 0; batch < BATCHES && demanded && !subscriber.closed; batch++) {
      demanded = false
      subscriber.next(new StreamRecord(batch, batch))
      subscriber.next(
        batchEnd(() => {
          demanded = true
        }),
      )
    }
    subscriber.complete()
  })
})

const pipelines: Record<string, OperatorFunction<StreamElement<number>, number>> = {
  recordsOnly: recordsOnly(),
  onRecords: (elements$) => elements$.pipe(onRecords(map((value) => value)), recordsOnly()),
  mapAsync: (elements$) =>
    elements$.pipe(
      mapAsync((value) => of(value)),
      recordsOnly(),
    ),
  processBatches: (elements$) =>
    elements$.pipe(
      processBatches((records$) => records$),
      recordsOnly(),
    ),
  branch: branch((elements$) => elements$.pipe(recordsOnly())),
  combineWatermarks: (elements$) => of({ id: 'one', elements: elements$ }).pipe(combineWatermarks(), recordsOnly()),
  unionElements: (elements$) => unionElements(elements$).pipe(recordsOnly()),
  eventTime: (elements$) =>
    elements$.pipe(
      assignTimestampsAndWatermarks(WatermarkStrategy.forMonotonousTimestamps()),
      withIdleness(1000),
      recordsOnly(),
    ),
}

describe('acknowledging at once', () => {
  it.each(Object.keys(pipelines))('should not build recursion, however many batches: %s', (pipeline) => {
    let depth = 0
    return new Promise<void>((resolve, reject) => {
      let count = 0
      source.pipe(pipelines[pipeline]!).subscribe({
        next: () => {
          // The stack of the last batch is as deep as that of the first.
          if (count === 0) depth = stackDepth()
          if (++count === BATCHES) expect(stackDepth()).toBeLessThanOrEqual(depth)
        },
        error: reject,
        complete: () => {
          expect(count).toBe(BATCHES)
          resolve()
        },
      })
    })
  })
})

function stackDepth(): number {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = Infinity
  const depth = new Error().stack!.split('\n').length
  Error.stackTraceLimit = limit
  return depth
}
