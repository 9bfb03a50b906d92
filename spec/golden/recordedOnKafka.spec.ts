import { beforeAll, expect, it } from '@jest/globals'
import {
  asyncScheduler,
  catchError,
  concatMap,
  filter,
  firstValueFrom,
  from,
  lastValueFrom,
  mergeMap,
  of,
  take,
  tap,
  timer,
} from 'rxjs'
import { defaultConnect } from '../../lib/defaultClient.js'
import { golden } from '../support/golden.js'
import { openClient } from '../support/openClient.js'
import { describeKafka } from '../support/realKafka.js'
import { departures } from './departures.js'
import {
  expectRecordedNames,
  expectRecordedValues,
  METRICS_TOPIC,
  metricsRecords,
  runMetricsJob,
} from './replay/metricsJob.js'
import { onBrokers } from './replay/onBrokers.js'
import type { RecordedJob } from './replay/RecordedJob.js'
import { describeRecorded, hushed } from './replay/recordedJobs.js'
import { type Replayed, replayOn } from './replay/replay.js'

/** Jobs at a time. Most of their time is the recording's sleeps. */
const CONCURRENT = 8

const sleeps = ({ setup, during = [] }: RecordedJob): number =>
  [...setup, ...during].reduce((sum, step) => sum + (step.op === 'sleep' ? step.ms : 0), 0)

/** The long ones first, so that none is left to be waited for alone. */
const jobs = [...golden<RecordedJob>('offsets'), ...golden<RecordedJob>('commits-restore')].sort(
  (a, b) => sleeps(b) - sleeps(a),
)

const options = { own: true, config: { 'log.cleaner.backoff.ms': '200' } }

describeKafka('what was recorded from Flink, on real Kafka', options, (kafka) => {
  hushed()

  const replays = new Map<string, Replayed | { readonly failure: unknown }>()
  beforeAll(async () => {
    const client = await openClient(kafka().bootstrapServers)
    const brokers = onBrokers(kafka(), client)
    await lastValueFrom(
      from(jobs).pipe(
        mergeMap(
          (job) =>
            replayOn(brokers, job, departures[job.id]).pipe(
              catchError((failure: unknown) => of({ failure })),
              tap((replayed) => replays.set(job.id, replayed)),
            ),
          CONCURRENT,
        ),
      ),
    )
    await lastValueFrom(client.close(), { defaultValue: undefined })
  }, 300_000)

  for (const job of jobs)
    describeRecorded(
      job,
      () => {
        const replayed = replays.get(job.id)
        if (replayed === undefined) throw new Error(`${job.id} was not replayed.`)
        if ('failure' in replayed) throw replayed.failure
        return replayed
      },
      { clock: 'real' },
    )

  it('should measure what Flink measures, of connections too', async () => {
    const { bootstrapServers } = kafka()
    const client = await openClient(bootstrapServers)
    const brokers = onBrokers(kafka(), client)
    await lastValueFrom(
      client.admin
        .createTopics([{ topic: METRICS_TOPIC, partitions: 2, config: { 'retention.ms': '-1' } }])
        .pipe(
          concatMap(() =>
            brokers.produce([0, 1].flatMap(metricsRecords).map((record) => ({ topic: METRICS_TOPIC, ...record }))),
          ),
        ),
      { defaultValue: undefined },
    )
    const { metrics, stop } = runMetricsJob(bootstrapServers, defaultConnect, asyncScheduler)
    await firstValueFrom(
      timer(0, 50).pipe(
        filter(() => metrics.get('currentOutputWatermark')?.read() === 1017),
        take(1),
      ),
    )
    expectRecordedNames(metrics)
    expectRecordedValues(metrics)
    const read = (name: string) => Number(metrics.get(`KafkaSourceReader.KafkaConsumer.${name}`)?.read())
    expect(read('bytes-consumed-total')).toBe(metrics.get('numBytesIn')?.read())
    expect(read('fetch-size-max')).toBeLessThanOrEqual(read('bytes-consumed-total'))
    expect(read('incoming-byte-total')).toBeGreaterThan(read('bytes-consumed-total'))
    expect(read('connection-count')).toBeGreaterThan(0)
    stop()
    await lastValueFrom(client.close(), { defaultValue: undefined })
  }, 60_000)
})
