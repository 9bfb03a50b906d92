import { defer, ignoreElements, map, merge, Observable, share, Subject, tap } from 'rxjs'
import { combineWatermarks, type SplitElements } from '../../eventtime/combineWatermarks.js'
import { branch } from '../../stream/branch.js'
import type { StreamElement } from '../../stream/StreamElement.js'
import type { KafkaSplit } from '../KafkaSplit.js'
import type { DeadLetterPolicy } from './deadLetter.js'
import type { DeadLetterRecord } from './DeadLetterRecord.js'
import { deadLetters, otherRecords } from './divertDeadLetters.js'

/** The same for splits: the dead letters of all of them take one pipeline, which the stream of splits waits for at its end. */
export const divertSplitDeadLetters =
  <T>({ pipeline }: DeadLetterPolicy) =>
  (splits$: Observable<KafkaSplit<T | DeadLetterRecord>>): Observable<KafkaSplit<T>> =>
    defer(() => {
      const letters = new Subject<SplitElements<DeadLetterRecord>>()
      const written$ = letters.pipe(combineWatermarks(), pipeline, ignoreElements(), share())
      const post =
        (id: string) =>
        (elements$: Observable<StreamElement<T | DeadLetterRecord>>): Observable<never> =>
          new Observable((posted) => {
            letters.next({ id, elements: elements$.pipe(deadLetters(), tap({ complete: () => posted.complete() })) })
          })
      const diverted$ = splits$.pipe(
        map(({ id, topicPartition, elements }) => ({
          id,
          topicPartition,
          elements: elements.pipe(branch(post(id), (elements$) => elements$.pipe(otherRecords<T>()))),
        })),
        tap({ complete: () => letters.complete() }),
      )
      return merge(written$, diverted$)
    })
