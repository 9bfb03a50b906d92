import type { IsolationLevel } from '../../client/IsolationLevel.js'
import type { Offset } from '../../client/Offset.js'
import type { OffsetSpec } from '../../client/OffsetSpec.js'
import { TopicPartition } from '../../client/TopicPartition.js'
import type { ListOffsetsRequest, ListOffsetsResponse } from '../../protocol/requests/listOffsets.js'
import { listOffsetsApi } from '../../protocol/requests/listOffsets.js'
import type { MemoryLog } from '../MemoryLog.js'
import { aboutPartitions, type Answer, found } from './Answer.js'

/**
 * ListOffsets, version 5. `latest` is the high watermark, or the last stable offset for read_committed; a timestamp finds the first record
 * at or after it, below that end, and -1 when there is none.
 */
export const listOffsets: Answer<ListOffsetsRequest, ListOffsetsResponse> = {
  api: listOffsetsApi,
  about: ({ partitions }) => aboutPartitions(partitions),
  respond: (cluster, { isolationLevel, partitions }, { broker }) => ({
    throttleTimeMs: 0,
    partitions: partitions.map(({ topic, partition, spec }) => {
      const at = new TopicPartition(topic, partition)
      const log = found(() => cluster.log(listOffsetsApi.apiName, at, broker.nodeId))
      if (!('value' in log)) return { ...nothing, topic, partition, errorCode: log.errorCode }
      const offset = resolve(log.value, spec, isolationLevel) ?? -1
      return { ...nothing, topic, partition, offset, leaderEpoch: log.value.leaderEpoch }
    }),
  }),
}

const nothing = { errorCode: 0, timestamp: -1, offset: -1, leaderEpoch: -1 }

const resolve = (log: MemoryLog, spec: OffsetSpec, isolationLevel: IsolationLevel): Offset | undefined => {
  switch (spec._tag) {
    case 'Earliest':
      return log.logStartOffset
    case 'Latest':
      return log.endFor(isolationLevel)
    case 'Timestamp':
      return log.offsetAt(spec.timestamp, isolationLevel)
  }
}
