import {
  asyncScheduler,
  concat,
  concatMap,
  defer,
  EMPTY,
  interval,
  map,
  type Observable,
  of,
  type SchedulerLike,
  take,
} from 'rxjs'
import type { KafkaClient, KafkaProducer, ProducerConfig } from '../../lib/index.js'
import { totalOf } from './topics.js'

export interface ReplayOptions {
  readonly client: KafkaClient
  readonly producer: ProducerConfig
  readonly topic: string
  readonly lines: readonly string[]
  /** how many records the topic is to hold in the end; more than there are lines begins anew */
  readonly total: number
  /** records per second */
  readonly rate: number
  readonly scheduler?: SchedulerLike
}

const TICK_MS = 50

/**
 * Writes flights into a topic at a rate, as if they were departing now. Goes on where the topic ends, so that it can be stopped
 * and started like the job that reads it. Emits how many the topic holds.
 */
export const replayFlights = (options: ReplayOptions): Observable<number> => {
  const { client, topic, total, rate, scheduler = asyncScheduler } = options
  return totalOf(client.admin, topic).pipe(
    concatMap((written) => {
      if (written >= total) return of(written)
      const producer = client.producer(options.producer)
      const perTick = Math.max(1, Math.round((rate * TICK_MS) / 1000))
      const ends = Array.from({ length: Math.ceil((total - written) / perTick) }, (_, tick) =>
        Math.min(total, written + (tick + 1) * perTick),
      )
      return concat(
        interval(TICK_MS, scheduler).pipe(
          take(ends.length),
          map((tick) => ends[tick] as number),
          concatMap((end, tick) => append(producer, options, tick === 0 ? written : (ends[tick - 1] as number), end)),
        ),
        defer(() => producer.close()).pipe(concatMap(() => EMPTY)),
      )
    }),
  )
}

const append = (
  producer: KafkaProducer,
  { topic, lines }: ReplayOptions,
  from: number,
  to: number,
): Observable<number> =>
  defer(() => {
    for (let n = from; n < to; n++) producer.append({ topic, value: lines[n % lines.length] as string })
    return producer.flush().pipe(map(() => to))
  })
