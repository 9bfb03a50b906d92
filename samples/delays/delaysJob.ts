import * as t from 'io-ts'
import type { Observable, SchedulerLike } from 'rxjs'
import {
  CheckpointCoordinator,
  type ConnectKafka,
  JsonSchema,
  KafkaSource,
  MemoryCheckpointStore,
  OffsetsInitializer,
  type StreamElement,
  TumblingEventTimeWindows,
  type WatermarkHolderObserver,
  WatermarkStrategy,
  windowByEventTime,
  type WindowResult,
} from '../../lib/index.js'
import { Flight } from '../flights/Flight.js'
import { DEPARTURES } from './departures.js'

const HOUR = 3_600_000

export const WINDOW_MS = 3 * HOUR

/** What a window holds of an airport. Delays in minutes. */
const Delays = t.type({ flights: t.number, total: t.number, longest: t.number })
export type Delays = t.TypeOf<typeof Delays>

/** A flight that came when its window had been given up. */
export interface LateFlight {
  readonly late: Flight
}

export interface DelaysJobOptions {
  readonly bootstrapServers: string
  /** the client adapter; kafkajs when left out */
  readonly connect?: ConnectKafka
  readonly scheduler?: SchedulerLike
  /** is told which partition the watermark waits for */
  readonly watermarkHolder$?: WatermarkHolderObserver
}

/**
 * departures → delays by airport, in windows of three hours of event time.
 *
 * - **Event time** is when a flight should have departed.
 * - **Watermarks** trail by a quarter of an hour, in each partition: so much disorder is waited for. What comes later corrects its
 *   window, for an hour more; then it is a {@link LateFlight}.
 * - **Idleness**: a partition that has been silent for a second is not waited for.
 */
export const delaysJob = ({ bootstrapServers, watermarkHolder$, ...options }: DelaysJobOptions) => {
  const { scheduler } = options
  const checkpoints = CheckpointCoordinator.create({ store: new MemoryCheckpointStore(), scheduler })

  const source = KafkaSource.builder()
    .setBootstrapServers(bootstrapServers)
    .setTopics(DEPARTURES)
    .setStartingOffsets(OffsetsInitializer.earliest())
    .setValueOnlyDeserializer(new JsonSchema(Flight))
    .build()

  const watermarks = WatermarkStrategy.forBoundedOutOfOrderness<Flight>(HOUR / 4)
    .withTimestampAssigner(({ date }) => date)
    .withIdleness(1_000)

  const elements$: Observable<StreamElement<WindowResult<string, Delays> | LateFlight>> = source
    .elements({ ...options, checkpoints, watermarks, watermarkHolder$ })
    .pipe(
      windowByEventTime({
        uid: 'delays',
        keyBy: ({ origin }) => origin,
        windows: TumblingEventTimeWindows.of(WINDOW_MS),
        allowedLateness: HOUR,
        seed: (): Delays => ({ flights: 0, total: 0, longest: -Infinity }),
        accumulate: ({ flights, total, longest }, { delay }) => ({
          flights: flights + 1,
          total: total + delay,
          longest: Math.max(longest, delay),
        }),
        state: Delays,
        sideOutputLateData: (late): LateFlight => ({ late }),
      }),
    )
  return { checkpoints, caughtUp$: source.caughtUp$, elements$ }
}
