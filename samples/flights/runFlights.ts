import {
  asyncScheduler,
  concat,
  concatMap,
  connect as publish,
  defer,
  EMPTY,
  exhaustMap,
  filter,
  ignoreElements,
  interval,
  last,
  merge,
  type Observable,
  of,
  type SchedulerLike,
  Subject,
  take,
  takeUntil,
  tap,
} from 'rxjs'
import { defaultConnect, type KafkaClient } from '../../lib/index.js'
import { clientConfig, producerConfig } from './clientConfig.js'
import { readFlights } from './flightsData.js'
import { flightsJob, type FlightsJobOptions, GROUP } from './flightsJob.js'
import { FlightsReport } from './FlightsReport.js'
import { replayFlights } from './replayFlights.js'
import { createTopics, FLIGHTS, lagOf } from './topics.js'

export interface RunFlightsOptions extends FlightsJobOptions {
  readonly rate: number
  readonly total: number
  readonly print: (line: string) => void
  readonly scheduler?: SchedulerLike
}

export interface FlightsRun {
  /** Stops with a savepoint, from which the next run goes on. */
  stop(): void
  /** Works once subscribed; emits the report and completes when all flights are through, or after `stop`. */
  readonly done$: Observable<FlightsReport>
}

/** Replays the flights, runs the job on them, tells of it, and ends both when the job has caught up with the replay. */
export const runFlights = (options: RunFlightsOptions): FlightsRun => {
  const { bootstrapServers, rate, total, print, scheduler = asyncScheduler, connect = defaultConnect } = options
  const report = new FlightsReport(scheduler.now())
  const job = flightsJob(options)
  const stopped = new Subject<void>()

  const work = (client: KafkaClient): Observable<never> => {
    const events$ = job.events$.pipe(
      tap(([topic, event]) => report.event(topic, event)),
      ignoreElements(),
    )
    const lag$ = lagOf(client.admin, FLIGHTS, GROUP)
    const replay$ = concat(
      replayFlights({
        client,
        producer: producerConfig(bootstrapServers),
        topic: FLIGHTS,
        lines: readFlights(),
        total,
        rate,
        scheduler,
      }),
      interval(200, scheduler).pipe(
        exhaustMap(() => lag$),
        filter((lag) => lag === 0),
        take(1),
      ),
    ).pipe(
      last(),
      concatMap(() => job.checkpoints.stopWithSavepoint({ drain: true })),
      ignoreElements(),
      takeUntil(stopped),
    )
    const progress$ = interval(1000, scheduler).pipe(
      exhaustMap(() => lag$),
      tap((lag) => print(report.progress(scheduler.now(), lag))),
      ignoreElements(),
    )
    const checkpoints$ = job.checkpoints.completed$.pipe(
      tap(({ checkpointId }) => report.checkpointCompleted(checkpointId)),
      ignoreElements(),
    )
    // The job ends all: its sinks complete when the last checkpoint is committed.
    return events$.pipe(
      publish((job$) =>
        merge(job$, merge(checkpoints$, progress$, replay$).pipe(takeUntil(job$.pipe(last(null, null))))),
      ),
    )
  }

  const done$ = connect({ ...clientConfig(bootstrapServers), scheduler }).pipe(
    concatMap((client) =>
      concat(
        createTopics(client.admin).pipe(ignoreElements()),
        defer(() => work(client)),
        defer(() => client.close()).pipe(concatMap(() => EMPTY)),
        defer(() => {
          print(report.table(scheduler.now()))
          return of(report)
        }),
      ),
    ),
  )
  return {
    done$,
    stop: () => {
      stopped.next()
      job.checkpoints.stopWithSavepoint({ drain: false })
    },
  }
}
