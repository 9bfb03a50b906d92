import { filter, ignoreElements, type Observable, type OperatorFunction } from 'rxjs'
import { branch } from '../../stream/branch.js'
import type { StreamElement } from '../../stream/StreamElement.js'
import type { DeadLetterPolicy } from './deadLetter.js'
import { DeadLetterRecord } from './DeadLetterRecord.js'

type Elements<T> = Observable<StreamElement<T>>

/** Dead letters take their pipeline, the other records go on; control elements go both ways, and are acknowledged when both have. */
export const divertDeadLetters = <T>({
  pipeline,
}: DeadLetterPolicy): OperatorFunction<StreamElement<T | DeadLetterRecord>, StreamElement<T>> =>
  branch(
    (elements$: Elements<T | DeadLetterRecord>) => elements$.pipe(deadLetters(), pipeline, ignoreElements()),
    (elements$: Elements<T | DeadLetterRecord>) => elements$.pipe(otherRecords<T>()),
  )

export const deadLetters = () =>
  filter(
    (element: StreamElement<unknown>): element is StreamElement<DeadLetterRecord> =>
      element.kind !== 'record' || element.value instanceof DeadLetterRecord,
  )

export const otherRecords = <T>() =>
  filter(
    (element: StreamElement<T | DeadLetterRecord>): element is StreamElement<T> =>
      element.kind !== 'record' || !(element.value instanceof DeadLetterRecord),
  )
