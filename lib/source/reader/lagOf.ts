import { map, type Observable } from 'rxjs'
import type { IsolationLevel } from '../../client/IsolationLevel.js'
import type { KafkaAdmin } from '../../client/KafkaAdmin.js'
import { latestOffset } from '../../client/OffsetSpec.js'
import type { KafkaPartitionSplitState } from '../split/KafkaPartitionSplitState.js'

/**
 * How far the pipeline is behind the logs of these splits, in offsets: from what it has taken over to the ends as the brokers tell them
 * now. Splits that have come to their own end are not behind.
 */
export const lagOf = (
  splits: readonly KafkaPartitionSplitState[],
  admin: KafkaAdmin,
  isolationLevel: IsolationLevel,
): Observable<number> => {
  const ends = splits.map(({ topicPartition }) => [topicPartition, latestOffset] as const)
  return admin
    .listOffsets(ends, isolationLevel)
    .pipe(map((logEnds) => splits.reduce((lag, split) => lag + split.lagBehind(logEnds.get(split.key) ?? 0), 0)))
}
