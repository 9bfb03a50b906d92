import {
  asyncScheduler,
  concat,
  concatMap,
  connect as publish,
  defer,
  EMPTY,
  filter,
  ignoreElements,
  interval,
  last,
  merge,
  type Observable,
  of,
  take,
  takeUntil,
  tap,
} from 'rxjs'
import { defaultConnect, type KafkaClient, recordsOnly } from '../../lib/index.js'
import { clientConfig, producerConfig } from '../flights/clientConfig.js'
import { totalOf } from '../flights/topics.js'
import { DEPARTURES, departures, PARTITIONS } from './departures.js'
import { delaysJob, type DelaysJobOptions } from './delaysJob.js'
import { DelaysTable } from './DelaysTable.js'

export interface RunDelaysOptions extends Omit<DelaysJobOptions, 'watermarkHolder$'> {
  /** flights a second */
  readonly rate: number
  /** flights in all; more than there are is all there are */
  readonly total: number
  /** is given the whole table, now and then */
  readonly print: (lines: readonly string[]) => void
}

const TICK_MS = 50

/** Lets flights depart, shows the table while they do, and ends with the last window. Emits the table then. */
export const runDelays = (options: RunDelaysOptions): Observable<DelaysTable> => {
  const { bootstrapServers, print, scheduler = asyncScheduler, connect = defaultConnect } = options
  const table = new DelaysTable()

  const work = (client: KafkaClient): Observable<never> => {
    const job = delaysJob({ ...options, watermarkHolder$: { next: (holder) => table.heldBy(holder) } })
    const table$ = job.elements$.pipe(
      tap((element) => {
        if (element.kind === 'watermark') table.advance(element.timestamp)
      }),
      recordsOnly(),
      tap((output) => table.add(output)),
    )
    const ending$ = concat(
      depart(client, options),
      job.caughtUp$.pipe(filter(Boolean), take(1)),
      defer(() => job.checkpoints.stopWithSavepoint({ drain: true })),
    )
    const printing$ = interval(500, scheduler).pipe(tap(() => print(table.lines)))
    return table$.pipe(
      publish((table$) => merge(table$, merge(ending$, printing$).pipe(takeUntil(table$.pipe(last(null, null)))))),
      ignoreElements(),
    )
  }

  return connect({ ...clientConfig(bootstrapServers), scheduler }).pipe(
    concatMap((client) =>
      concat(
        createTopic(client).pipe(ignoreElements()),
        defer(() => work(client)),
        defer(() => client.close()).pipe(ignoreElements()),
        defer(() => {
          print(table.lines)
          return of(table)
        }),
      ),
    ),
  )
}

const createTopic = ({ admin }: KafkaClient): Observable<void> =>
  admin
    .describeTopics([DEPARTURES])
    .pipe(
      concatMap((existing) =>
        existing.length > 0 ? EMPTY : admin.createTopics([{ topic: DEPARTURES, partitions: PARTITIONS }]),
      ),
    )

/** Writes the flights at a rate, from where the topic ends. */
const depart = (client: KafkaClient, options: RunDelaysOptions): Observable<never> => {
  const { bootstrapServers, rate, total, scheduler = asyncScheduler } = options
  return totalOf(client.admin, DEPARTURES).pipe(
    concatMap((written) => {
      const waiting = departures().slice(written, total)
      const perTick = Math.max(1, Math.round((rate * TICK_MS) / 1000))
      const producer = client.producer(producerConfig(bootstrapServers))
      return interval(TICK_MS, scheduler).pipe(
        take(Math.ceil(waiting.length / perTick)),
        concatMap((tick) => {
          for (const record of waiting.slice(tick * perTick, (tick + 1) * perTick)) producer.append(record)
          return producer.flush()
        }),
        ignoreElements(),
      )
    }),
  )
}
