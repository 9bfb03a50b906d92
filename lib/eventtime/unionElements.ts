import { Observable } from 'rxjs'
import type { StreamElement } from '../stream/StreamElement.js'
import { ElementMerge } from './ElementMerge.js'
import { StatusWatermarkValve } from './StatusWatermarkValve.js'

/**
 * Makes one stream of several: the elements of two topics, two sources, two branches of a job.
 *
 * ```ts
 * unionElements(flights.elements({ checkpoints, uid: 'flights' }), weather.elements({ checkpoints, uid: 'weather' }))
 * ```
 *
 * As `combineWatermarks` for whole streams: one `Restored`, one barrier when every input that has not completed has
 * delivered it, the least watermark. An input back from idleness counts for the watermark again when it has caught up,
 * as in Flink's operators with several inputs (`StatusWatermarkValve`). The barrier has an `end` when all inputs end;
 * those that have ended before wait for nobody. A request to end goes to all.
 *
 * Completes when all inputs have; an error of one is the error of all.
 */
export function unionElements<T extends readonly unknown[]>(
  ...inputs: { readonly [Index in keyof T]: Observable<StreamElement<T[Index]>> }
): Observable<StreamElement<T[number]>> {
  return new Observable((destination) => {
    const merge = new ElementMerge<T[number]>(destination, StatusWatermarkValve)
    merge.add(...inputs.map((elements, index) => ({ id: `input ${index}`, elements })))
    merge.close()
  })
}
