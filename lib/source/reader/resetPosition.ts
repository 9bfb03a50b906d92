import { catchError, concatMap, forkJoin, map, type Observable, of, throwError } from 'rxjs'
import type { IsolationLevel } from '../../client/IsolationLevel.js'
import type { KafkaAdmin } from '../../client/KafkaAdmin.js'
import type { KafkaError } from '../../client/KafkaError.js'
import type { FetchFailed } from '../../client/KafkaFetcher.js'
import type { Offset } from '../../client/Offset.js'
import { earliestOffset, latestOffset, type OffsetSpec } from '../../client/OffsetSpec.js'
import { type TopicPartition, topicPartitionKey } from '../../client/TopicPartition.js'
import type { OffsetOutOfRangePolicy } from '../KafkaSourceConfig.js'
import { SourceError } from '../SourceError.js'

/**
 * Where reading goes on after a position that is not in the log, by the policy. After a truncation that is where the log parts
 * from what was read, when it can be told (KIP-320): the policy decides whether to go on at all.
 */
export const resetPosition = (
  { topicPartition, error }: FetchFailed,
  policy: OffsetOutOfRangePolicy,
  admin: KafkaAdmin,
  isolationLevel: IsolationLevel,
): Observable<Offset> => {
  const key = topicPartitionKey(topicPartition)
  if (policy === 'fail')
    return error._tag === 'LogTruncated'
      ? throwError(() => truncated(error))
      : logOf(topicPartition, admin).pipe(concatMap((log) => throwError(() => outOfRange(key, error, log))))
  if (error.divergentOffset !== undefined) return of(error.divergentOffset)
  const spec = policy === 'earliest' ? earliestOffset : latestOffset
  return admin.listOffsets([[topicPartition, spec]], isolationLevel).pipe(map((offsets) => offsets.get(key) ?? 0))
}

const truncated = (error: KafkaError): SourceError =>
  new SourceError(
    'LogTruncated',
    `${error.message} What was made of them downstream does not agree with the log any more; setOffsetOutOfRangePolicy says to ` +
      'go on where the log parts from it, if that is acceptable.',
    error,
  )

/** Where a log begins and ends now; undefined when its leader does not tell: the error is worth more than that. */
interface LogRange {
  readonly start: Offset
  readonly end: Offset
}

const logOf = (topicPartition: TopicPartition, admin: KafkaAdmin): Observable<LogRange | undefined> => {
  const ask = (spec: OffsetSpec): Observable<Offset | undefined> =>
    admin
      .listOffsets([[topicPartition, spec]], 'read_uncommitted')
      .pipe(map((offsets) => offsets.get(topicPartitionKey(topicPartition))))
  return forkJoin([ask(earliestOffset), ask(latestOffset)]).pipe(
    map(([start, end]) => (start === undefined || end === undefined ? undefined : { start, end })),
    catchError(() => of(undefined)),
  )
}

const outOfRange = (key: string, error: KafkaError, log: LogRange | undefined): SourceError => {
  const { offset } = error
  const position = offset === undefined ? 'The position' : `Offset ${offset}`
  const range = log === undefined ? '' : `, which has offsets ${log.start} to ${log.end}`
  return new SourceError(
    'OffsetOutOfRange',
    `${position} of ${key} is not in the log${range}: ${whyOut(offset, log)} Records are lost; setOffsetOutOfRangePolicy says where to ` +
      'go on, if that is acceptable.',
    error,
  )
}

const whyOut = (offset: Offset | undefined, log: LogRange | undefined): string => {
  if (offset !== undefined && log !== undefined && offset > log.end)
    return 'the log ends before it, so the topic was created anew, or its log was truncated.'
  if (offset !== undefined && log !== undefined && offset < log.start)
    return (
      'its records were deleted before they were read, by retention (retention.ms, retention.bytes of the topic) or by an ' +
      'administrator.'
    )
  return 'its records were deleted by retention before they were read, or the topic was created anew.'
}
