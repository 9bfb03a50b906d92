import { identity, map, type Observable, type SchedulerLike } from 'rxjs'
import type { CheckpointCoordinator } from '../../../lib/checkpoint/CheckpointCoordinator.js'
import type { ConnectKafka } from '../../../lib/client/KafkaClient.js'
import { alignWatermarks } from '../../../lib/eventtime/alignWatermarks.js'
import { assignTimestampsAndWatermarks } from '../../../lib/eventtime/assignTimestampsAndWatermarks.js'
import { combineWatermarks } from '../../../lib/eventtime/combineWatermarks.js'
import type { WatermarkStrategy } from '../../../lib/eventtime/WatermarkStrategy.js'
import type { KafkaSource } from '../../../lib/source/KafkaSource.js'
import type { StreamElement } from '../../../lib/stream/StreamElement.js'

interface Options {
  readonly watermarks: WatermarkStrategy<string>
  readonly connect: ConnectKafka
  readonly scheduler: SchedulerLike
  readonly checkpoints?: CheckpointCoordinator
  readonly uid?: string
  readonly parallelism?: number
  readonly subtaskIndex?: number
}

export type EventTimeForm = (source: KafkaSource<string>, options: Options) => Observable<StreamElement<string>>

/** The two ways to the event time of a source: what one of them says, and when, the other says too. */
export const eventTimeForms: readonly (readonly [string, EventTimeForm])[] = [
  ['elements()', (source, options) => source.elements(options)],
  [
    'splits(), operators and combineWatermarks()',
    (source, { watermarks, ...options }) => {
      const { scheduler } = options
      return source.splits(options).pipe(
        map(({ id, elements }) => ({
          id,
          elements: elements.pipe(
            assignTimestampsAndWatermarks(watermarks, { scheduler }),
            watermarks.alignment === undefined ? identity : alignWatermarks(watermarks.alignment, { scheduler }),
          ),
        })),
        combineWatermarks({ scheduler }),
      )
    },
  ],
]
