import { Observable } from 'rxjs'
import { operate } from './operate.js'
import type { Restored } from './Restored.js'
import type { StreamElement } from './StreamElement.js'

/**
 * Emits the plain values: an end of the pipeline, like `sinkTo`.
 *
 * Batch ends and barriers are acknowledged at once, when the values before them have been emitted. So both guarantee
 * and backpressure end here: what an operator behind it does later than within `next()` is neither waited for nor in
 * any checkpoint. Asynchronous work belongs before it, into `mapAsync` or `processBatches`.
 *
 * Errors and completion pass. Unsubscribing stops at once: a batch that was not emitted whole is not acknowledged.
 *
 * @example
 * ```ts
 * source.elements().pipe(
 *   mapAsync((order) => lookUp(order), { concurrency: 8 }),
 *   recordsOnly(),
 * ).subscribe((order) => console.log(order))
 * ```
 */
export function recordsOnly<T>(): (source: Observable<StreamElement<T>>) => Observable<T> {
  return (source) =>
    new Observable((destination) => {
      let restored: Restored | undefined
      operate(source, destination, {
        emitting: () => restored?.emitting?.(),
        next: (element) => {
          switch (element.kind) {
            case 'record':
              destination.next(element.value)
              break
            case 'batchEnd':
            case 'barrier':
              element.acknowledge()
              break
            case 'restored':
              restored = element
              element.present?.({ name: 'recordsOnly', acknowledges: true })
              break
            case 'watermark':
            case 'watermarkStatus':
              break
          }
        },
      })
    })
}
