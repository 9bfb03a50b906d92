import { Observable } from 'rxjs'
import type { ObservedValueOf } from 'rxjs'
import { batchEnd } from './BatchEnd.js'
import type { BatchEnd } from './BatchEnd.js'
import { copyBarrier } from './CheckpointBarrier.js'
import type { CheckpointBarrier } from './CheckpointBarrier.js'
import { Feed } from './Feed.js'
import { operate } from './operate.js'
import type { Restored } from './Restored.js'
import type { StreamElement } from './StreamElement.js'

/** A pipeline with an end of its own: from stream elements to what its `sinkTo` or `recordsOnly` emits. */
export type TerminalPipeline<T, E> = (elements$: Observable<StreamElement<T>>) => Observable<E>

/**
 * Gives all elements to several pipelines, each with an end of its own: two sinks in one job, a dead-letter sink beside
 * the main one. Emits what any of them emits.
 *
 * - **Acknowledged when all have**: each branch has its own copy of every batch end and barrier, and the slowest one
 *   sets the pace. States handed over go into the one checkpoint, so each sink needs its own `uid`.
 * - An element reaches the branches in their order, within one `next()`.
 * - An error of one is the error of all. The stream completes when all have completed.
 * - **A branch that completes early** (`take` behind its sink) has ended itself: what it had not acknowledged, and all
 *   that follows, counts as acknowledged by it; the source is asked to end, so that the other branches end with a final
 *   barrier. To end a branch in order, with its tail committed, put the `take` into `onRecords` before its sink.
 *
 * @example
 * ```ts
 * elements$.pipe(
 *   branch(
 *     (elements$) => elements$.pipe(onRecords(filter(isRight), map(({ right }) => right)), sinkTo(accepted)),
 *     (elements$) => elements$.pipe(onRecords(filter(isLeft), map(({ left }) => left)), sinkTo(rejected)),
 *   ),
 * )
 * ```
 */
export function branch<T, B extends readonly [TerminalPipeline<T, unknown>, ...TerminalPipeline<T, unknown>[]]>(
  ...pipelines: B
): (source: Observable<StreamElement<T>>) => Observable<ObservedValueOf<ReturnType<B[number]>>> {
  return (source) =>
    new Observable((destination) => {
      const branches = pipelines.map(() => new Branch<T>())
      let restored: Restored | undefined
      let running = branches.length
      let ending = false

      branches.forEach((branch, index) => {
        operate(pipelines[index]!(branch.elements.values$), destination, {
          next: (event) => {
            destination.next(event as ObservedValueOf<ReturnType<B[number]>>)
          },
          complete: () => {
            branch.end()
            if (!ending) restored?.requestEnd()
            if (--running === 0) destination.complete()
          },
        })
      })
      operate(source, destination, {
        next: (element) => {
          if (element.kind === 'restored') {
            restored = element
            if (branches.some(({ ended }) => ended)) restored.requestEnd()
          }
          const all =
            element.kind === 'batchEnd' || element.kind === 'barrier' ? countDown(branches.length, element) : undefined
          for (const branch of branches) branch.next(element, all)
        },
        complete: () => {
          ending = true
          for (const branch of branches) branch.elements.complete()
        },
      })
    })
}

/** One branch's view of the stream, and what it has not acknowledged yet. */
class Branch<T> {
  readonly elements = new Feed<StreamElement<T>>()
  private readonly owed = new Set<() => void>()
  ended = false

  next(element: StreamElement<T>, all: (() => void) | undefined): void {
    if (all === undefined) {
      this.elements.next(element)
    } else if (this.ended) {
      all()
    } else {
      this.owed.add(all)
      const acknowledge = (): void => {
        this.acknowledge(all)
      }
      this.elements.next(
        element.kind === 'barrier' ? copyBarrier(element, { acknowledge, end: element.end }) : batchEnd(acknowledge),
      )
    }
  }

  end(): void {
    this.ended = true
    for (const all of this.owed) this.acknowledge(all)
  }

  private acknowledge(all: () => void): void {
    if (this.owed.delete(all)) all()
  }
}

function countDown(count: number, element: BatchEnd | CheckpointBarrier): () => void {
  let missing = count
  return () => {
    if (--missing === 0) element.acknowledge()
  }
}
