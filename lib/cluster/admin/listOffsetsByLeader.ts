import { defer, map, type Observable } from 'rxjs'
import type { IsolationLevel } from '../../client/IsolationLevel.js'
import type { Offset, OffsetsByPartition } from '../../client/Offset.js'
import type { OffsetSpec } from '../../client/OffsetSpec.js'
import { type TopicPartition, topicPartitionKey } from '../../client/TopicPartition.js'
import { listOffsetsApi } from '../../protocol/requests/listOffsets.js'
import type { Cluster } from '../Cluster.js'
import { askLeaders } from './askLeaders.js'

/** Offsets by specification. A partition without a record at or after a timestamp is left out of the answer. */
export const listOffsetsByLeader = (
  cluster: Cluster,
  specs: readonly (readonly [TopicPartition, OffsetSpec])[],
  isolationLevel: IsolationLevel,
): Observable<OffsetsByPartition> =>
  defer(() => {
    const found = new Map<string, Offset>()
    const mayHaveNone = new Set(
      specs.filter(([, { _tag }]) => _tag === 'Timestamp').map(([one]) => topicPartitionKey(one)),
    )
    return askLeaders(
      cluster,
      listOffsetsApi,
      specs.map(([{ topic, partition }, spec]) => ({ topic, partition, spec })),
      (partitions) => ({ isolationLevel, partitions }),
      ({ topic, partition, offset }) => {
        const key = topicPartitionKey({ topic, partition })
        if (offset >= 0) found.set(key, offset)
        return offset >= 0 || mayHaveNone.has(key)
      },
    ).pipe(map(() => found))
  })
