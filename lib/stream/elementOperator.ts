import { Observable } from 'rxjs'
import type { OperatorFunction, Subscriber } from 'rxjs'
import type { BatchEnd } from './BatchEnd.js'
import type { CheckpointBarrier } from './CheckpointBarrier.js'
import { operate } from './operate.js'
import type { RecordPosition } from './RecordPosition.js'
import type { Restored } from './Restored.js'
import type { StreamElement } from './StreamElement.js'
import type { StreamRecord } from './StreamRecord.js'
import type { Watermark } from './Watermark.js'
import type { WatermarkStatus } from './WatermarkStatus.js'

/** What an operator does with each kind of element. A kind that is left out passes. */
export interface ElementHandlers<T> {
  /** Each value, with its event time. The hot path: called for every record. */
  readonly record?: ((record: StreamRecord<T>) => void) | undefined
  /** The first element: from where the attempt goes on. */
  readonly restored?: ((restored: Restored) => void) | undefined
  /** Pass it on behind all records that came before it. `MAX_WATERMARK` says that none follows. */
  readonly watermark?: ((watermark: Watermark) => void) | undefined
  /** The input is idle, or active again: see {@link WatermarkStatus}. */
  readonly watermarkStatus?: ((status: WatermarkStatus) => void) | undefined
  /** Its acknowledgement is the demand for more: pass it on, or one made with `batchEnd` that acknowledges it. */
  readonly batchEnd?: ((end: BatchEnd) => void) | undefined
  /** State is handed over by `barrier.snapshot`, before the barrier is passed on. */
  readonly barrier?: ((barrier: CheckpointBarrier) => void) | undefined
  /** When the source has completed. The destination completes when this is left out. */
  readonly complete?: (() => void) | undefined
  /** For messages: where the record was read that a handler is at work on. By default what `Restored` says. */
  readonly emitting?: (() => RecordPosition | undefined) | undefined
}

/** The same of an operator whose records have another type: they cannot just pass. */
export interface ElementProjection<T> extends ElementHandlers<T> {
  /** Each value, with its event time. Makes records of the new type, or none. */
  readonly record: (record: StreamRecord<T>) => void
}

/**
 * An operator on stream elements that names the kinds it cares about; **the rest passes**. So no barrier is lost by a case that was
 * forgotten, and the operator is about its own idea alone.
 *
 * - **A handler decides what leaves**: what it does not give to `destination.next` is dropped. It keeps the invariant when it passes a
 *   control element on only after all that came before it, within its own call or later.
 * - State is made in `begin`, which is called once for each subscription. State that is to survive a crash is read in `restored` and
 *   handed over in `barrier`.
 * - What a handler throws is the error of the stream, and names the record that it came from.
 * - To change the type of the records, give `record`: `elementOperator<string, number>((destination) => ({ record: … }))`.
 *
 * @param begin called at each subscription, with what the elements are given to; `destination.add` takes a teardown
 *
 * @example
 * ```ts
 * // Counts the records of each checkpoint.
 * const countRecords = <T>(report: (checkpointId: number, records: number) => void) =>
 *   elementOperator<T>((destination) => {
 *     let records = 0
 *     return {
 *       record: (record) => {
 *         records += 1
 *         destination.next(record)
 *       },
 *       barrier: (barrier) => {
 *         report(barrier.checkpointId, records)
 *         records = 0
 *         destination.next(barrier)
 *       },
 *     }
 *   })
 *
 * elements$.pipe(countRecords((id, records) => console.log(`checkpoint ${id}: ${records} records`)), sinkTo(sink))
 * ```
 */
export function elementOperator<T>(
  begin: (destination: Subscriber<StreamElement<T>>) => ElementHandlers<T>,
): OperatorFunction<StreamElement<T>, StreamElement<T>>
export function elementOperator<T, R>(
  begin: (destination: Subscriber<StreamElement<R>>) => ElementProjection<T>,
): OperatorFunction<StreamElement<T>, StreamElement<R>>
export function elementOperator<T>(
  begin: (destination: Subscriber<StreamElement<T>>) => ElementHandlers<T>,
): OperatorFunction<StreamElement<T>, StreamElement<T>> {
  return (source) =>
    new Observable((destination) => {
      const pass = (element: StreamElement<T>): void => {
        destination.next(element)
      }
      const handlers = begin(destination)
      const { record = pass, restored = pass, watermark = pass } = handlers
      const { watermarkStatus = pass, batchEnd = pass, barrier = pass } = handlers
      const { complete, emitting = () => origin?.emitting?.() } = handlers
      let origin: Restored | undefined
      operate(source, destination, {
        emitting,
        next: (element) => {
          switch (element.kind) {
            case 'record':
              record(element)
              break
            case 'watermark':
              watermark(element)
              break
            case 'watermarkStatus':
              watermarkStatus(element)
              break
            case 'batchEnd':
              batchEnd(element)
              break
            case 'barrier':
              barrier(element)
              break
            case 'restored':
              origin = element
              restored(element)
              break
          }
        },
        ...(complete === undefined ? {} : { complete }),
      })
    })
}
