import {
  defer,
  filter,
  finalize,
  identity,
  ignoreElements,
  merge,
  mergeMap,
  Observable,
  of,
  type OperatorFunction,
  share,
  Subject,
  takeUntil,
  tap,
} from 'rxjs'
import { combineWatermarks, type SplitElements } from '../../eventtime/combineWatermarks.js'
import { branch } from '../../stream/branch.js'
import { type ControlReceiver, controlReceiverOf } from '../../stream/controlReceiver.js'
import { operate } from '../../stream/operate.js'
import type { StreamElement } from '../../stream/StreamElement.js'
import type { DeadLetterPolicy } from './deadLetter.js'
import { DeadLetterRecord } from './DeadLetterRecord.js'

type Elements<T> = Observable<StreamElement<T>>
type Diverted<T, Split> = Omit<Split, 'elements'> & { readonly elements: Elements<T> }

/**
 * Dead letters take their pipeline, the other records go on; control elements go both ways, and are acknowledged when both have. A merged
 * stream is one split, whose watermarks its letters have too.
 */
export const divertDeadLetters =
  <T>(policy: DeadLetterPolicy): OperatorFunction<StreamElement<T | DeadLetterRecord>, StreamElement<T>> =>
  (elements) =>
    of({ id: 'the source', elements }).pipe(
      divertSplitDeadLetters<T, SplitElements<T | DeadLetterRecord>>(policy),
      mergeMap((diverted) => diverted.elements),
    )

/**
 * The same for splits: the dead letters of all of them take one pipeline. It lives as the attempt does, as long as the stream of
 * splits or any of their streams is listened to; whichever of them ends last waits for it. The control stream of the source goes both
 * ways too: the pipeline takes part in the checkpoints of a subtask without splits.
 */
export const divertSplitDeadLetters =
  <T, Split extends SplitElements<T | DeadLetterRecord>>({ pipeline }: DeadLetterPolicy) =>
  (splits$: Observable<Split>): Observable<Diverted<T, Split>> =>
    defer(() => {
      const letters = new Subject<SplitElements<DeadLetterRecord>>()
      let addControl: ControlReceiver = () => undefined
      const letters$ = new Observable<SplitElements<DeadLetterRecord>>((destination) => {
        addControl = controlReceiverOf(destination) ?? addControl
        return letters.subscribe(destination)
      })
      // A split that comes after its end is told so, and does not begin another: its sink's uid is one in the attempt.
      const pipeline$ = letters$.pipe(combineWatermarks(), pipeline, ignoreElements())
      const written$ = pipeline$.pipe(share({ resetOnComplete: false, resetOnError: false }))
      /** the stream of splits, and each split that is listened to */
      let listeners = 1

      /** Ends with the elements, or before them with the pipeline: then `branch` asks the source to end. */
      const post = <L>(
        letters$: Elements<L>,
        add: (letters$: Elements<L>) => void,
        isLast = () => false,
      ): Observable<never> =>
        new Observable((posted) => {
          const left = new Subject<void>()
          const complete = (): void => {
            if (isLast()) letters.complete()
            else posted.complete()
          }
          operate(written$, posted, { next: () => undefined })
          posted.add(() => {
            // What is given up would be waited for at each barrier.
            left.next()
          })
          add(letters$.pipe(tap({ complete }), takeUntil(left)))
        })

      const postSplit = (id: string) => (elements$: Elements<T | DeadLetterRecord>) =>
        defer(() => {
          listeners += 1
          return post(
            elements$.pipe(deadLetters()),
            (elements) => {
              letters.next({ id, elements })
            },
            () => listeners === 1,
          )
        }).pipe(
          finalize(() => {
            listeners -= 1
          }),
        )

      const diverted$ = new Observable<Diverted<T, Split>>((destination) => {
        const addDiverted = controlReceiverOf(destination)
        operate(splits$, destination, {
          next: (split) => {
            const others = (elements$: Elements<T | DeadLetterRecord>) => elements$.pipe(otherRecords<T>())
            destination.next({ ...split, elements: split.elements.pipe(branch(postSplit(split.id), others)) })
          },
          complete: () => {
            // No split is to come; the pipeline ends with the last of those that there are.
            letters.complete()
            destination.complete()
          },
          control: (control$) => {
            if (addDiverted === undefined) addControl(control$)
            else
              addDiverted(control$.pipe(branch((elements$: Elements<never>) => post(elements$, addControl), identity)))
          },
        })
      })
      return merge(written$, diverted$).pipe(
        finalize(() => {
          listeners -= 1
        }),
      )
    })

const deadLetters = () =>
  filter(
    (element: StreamElement<unknown>): element is StreamElement<DeadLetterRecord> =>
      element.kind !== 'record' || element.value instanceof DeadLetterRecord,
  )

const otherRecords = <T>() =>
  filter(
    (element: StreamElement<T | DeadLetterRecord>): element is StreamElement<T> =>
      element.kind !== 'record' || !(element.value instanceof DeadLetterRecord),
  )
