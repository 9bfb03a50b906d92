import { defer, finalize, ignoreElements, map, merge, Observable, share, Subject, takeUntil, tap } from 'rxjs'
import { combineWatermarks, type SplitElements } from '../../eventtime/combineWatermarks.js'
import { branch } from '../../stream/branch.js'
import { operate } from '../../stream/operate.js'
import type { StreamElement } from '../../stream/StreamElement.js'
import type { KafkaSplit } from '../KafkaSplit.js'
import type { DeadLetterPolicy } from './deadLetter.js'
import type { DeadLetterRecord } from './DeadLetterRecord.js'
import { deadLetters, otherRecords } from './divertDeadLetters.js'

/**
 * The same for splits: the dead letters of all of them take one pipeline. It lives as the attempt does, as long as the stream of
 * splits or any of their streams is listened to; whichever of them ends last waits for it.
 */
export const divertSplitDeadLetters =
  <T>({ pipeline }: DeadLetterPolicy) =>
  (splits$: Observable<KafkaSplit<T | DeadLetterRecord>>): Observable<KafkaSplit<T>> =>
    defer(() => {
      const letters = new Subject<SplitElements<DeadLetterRecord>>()
      // A split that comes after its end is told so, and does not begin another: its sink's uid is one in the attempt.
      const pipeline$ = letters.pipe(combineWatermarks(), pipeline, ignoreElements())
      const written$ = pipeline$.pipe(share({ resetOnComplete: false, resetOnError: false }))
      /** the stream of splits, and each split that is listened to */
      let listeners = 1

      /** Ends with its split, or before it with the pipeline: then `branch` asks the source to end. */
      const post =
        (id: string) =>
        (elements$: Observable<StreamElement<T | DeadLetterRecord>>): Observable<never> =>
          new Observable((posted) => {
            const left = new Subject<void>()
            const complete = (): void => {
              if (listeners === 1) letters.complete()
              else posted.complete()
            }
            listeners += 1
            operate(written$, posted, { next: () => undefined })
            posted.add(() => {
              listeners -= 1
              // A split that is given up would be waited for at each barrier.
              left.next()
            })
            letters.next({ id, elements: elements$.pipe(deadLetters(), tap({ complete }), takeUntil(left)) })
          })

      const diverted$ = splits$.pipe(
        map(({ id, topicPartition, elements }) => ({
          id,
          topicPartition,
          elements: elements.pipe(branch(post(id), (elements$) => elements$.pipe(otherRecords<T>()))),
        })),
        // Its splits have ended before it.
        tap({ complete: () => letters.complete() }),
      )
      return merge(written$, diverted$).pipe(
        finalize(() => {
          listeners -= 1
        }),
      )
    })
