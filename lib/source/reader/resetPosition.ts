import { map, type Observable, of, throwError } from 'rxjs'
import type { IsolationLevel } from '../../client/IsolationLevel.js'
import type { KafkaAdmin } from '../../client/KafkaAdmin.js'
import type { KafkaError } from '../../client/KafkaError.js'
import type { FetchFailed } from '../../client/KafkaFetcher.js'
import type { Offset } from '../../client/Offset.js'
import { earliestOffset, latestOffset } from '../../client/OffsetSpec.js'
import { topicPartitionKey } from '../../client/TopicPartition.js'
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
    return throwError(() => (error._tag === 'LogTruncated' ? truncated(error) : outOfRange(key, error.offset, error)))
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

const outOfRange = (key: string, offset: Offset | undefined, cause: unknown): SourceError =>
  new SourceError(
    'OffsetOutOfRange',
    `${offset === undefined ? 'The position' : `Offset ${offset}`} of ${key} is not in the log: its records were deleted by retention ` +
      'before they were read, or the topic was created anew. Records are lost; setOffsetOutOfRangePolicy says where to go on, if ' +
      'that is acceptable.',
    cause,
  )
