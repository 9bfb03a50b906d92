import { asyncScheduler, type SchedulerLike, Subscription } from 'rxjs'
import type { Logger } from '../../client/KafkaConfig.js'
import { consoleLogger } from '../../config/consoleLogger.js'
import { operatorMetrics } from '../../metrics/operatorMetrics.js'
import type { KafkaSourceConfig } from '../KafkaSourceConfig.js'
import type { KafkaSplitsOptions } from '../KafkaSourceOptions.js'
import { KafkaSourceReaderMetrics } from './KafkaSourceReaderMetrics.js'
import type { PublishedSplits } from './PublishedSplits.js'
import { ReaderLoop } from './ReaderLoop.js'

/** What a reader and its parts work with, from the start of an attempt to its end. */
export interface ReaderContext<T> {
  readonly config: KafkaSourceConfig<T>
  readonly uid: string
  readonly parallelism: number
  readonly subtaskIndex: number
  readonly output: PublishedSplits<T>
  readonly loop: ReaderLoop
  readonly metrics: KafkaSourceReaderMetrics
  readonly logger: Logger
  readonly scheduler: SchedulerLike
  /** What ends with the attempt. */
  readonly work: Subscription
  /** Ends the stream with the error, in a turn of its own. */
  readonly fail: (error: unknown) => void
}

/** What a reader does itself. */
export interface ReaderActs {
  /** everything there is to do now */
  readonly turn: () => void
  readonly fail: (error: unknown) => void
}

/** From what users have set, with the defaults of what they have not. */
export const readerContext = <T>(
  config: KafkaSourceConfig<T>,
  options: KafkaSplitsOptions,
  output: PublishedSplits<T>,
  { turn, fail }: ReaderActs,
): ReaderContext<T> => {
  const { uid = 'source', parallelism = 1, subtaskIndex = 0, scheduler = asyncScheduler } = options
  const work = new Subscription()
  const loop = new ReaderLoop(scheduler, turn)
  const metrics = new KafkaSourceReaderMetrics(operatorMetrics(options.metrics, uid, config, work), {
    registerConsumerMetrics: config.consumer.registerConsumerMetrics,
    scheduler,
  })
  const logger = config.consumer.client.logger ?? consoleLogger
  return { config, uid, parallelism, subtaskIndex, output, loop, metrics, logger, scheduler, work, fail }
}
