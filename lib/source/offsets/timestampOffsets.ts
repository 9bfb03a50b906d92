import { concatMap, map } from 'rxjs'
import { OffsetResetStrategy } from '../../client/OffsetResetStrategy.js'
import { configError } from '../../config/ConfigError.js'
import type { OffsetsResolver } from './OffsetsResolver.js'

/** The first record at or after a time. */
export const timestampOffsets = (timestamp: number): OffsetsResolver => ({
  autoOffsetResetStrategy: OffsetResetStrategy.LATEST,
  // The ends first: a record written between the two calls is found by its time or lies behind the end, and is not lost.
  getPartitionOffsets: (partitions, retriever) =>
    retriever
      .endOffsets(partitions)
      .pipe(
        concatMap((ends) =>
          retriever
            .offsetsForTimes(new Map(partitions.map((partition) => [partition, timestamp] as const)))
            .pipe(map((offsets) => new Map([...ends, ...offsets]))),
        ),
      ),
  validate: () =>
    Number.isInteger(timestamp) && timestamp >= 0
      ? []
      : [
          configError(
            'timestamp',
            `Invalid negative timestamp: OffsetsInitializer.timestamp takes ms since the epoch, not ${timestamp}.`,
          ),
        ],
})
