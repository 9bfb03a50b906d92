/**
 * `npx tsx bench/fetchSessions.ts`: what fetch sessions (KIP-227) would gain a reader of 1,000 partitions of one broker:
 * bytes and CPU of both sides, with and without, while all are idle and while one is busy. DESIGN.md, "Decisions", quotes it.
 */
import { readFileSync } from 'node:fs'
import { firstValueFrom, from, lastValueFrom } from 'rxjs'
import { defaultConnect } from '../lib/defaultClient.js'
import { latestOffset } from '../lib/client/OffsetSpec.js'
import { ClusterByPromises } from '../spec/kafkajs/support/ClusterByPromises.js'
import { retryTransient } from '../lib/cluster/retryTransient.js'
import { brokerError } from '../lib/protocol/brokerError.js'
import { listOffsetsApi } from '../lib/protocol/requests/listOffsets.js'
import type { FetchRequest } from '../lib/protocol/requests/fetch.js'
import { fetchByNameApi } from '../lib/protocol/requests/fetchByName.js'
import { startKafka } from '../spec/support/kafka/startKafka.js'
import { kafkaConfig, producerConfig } from './configs.js'

const PARTITIONS = 1000
const FETCHES = 40
const topic = 'bench-sessions'

/** ms of CPU that a process of this machine has taken; Linux counts in hundredths of a second. */
const cpuMsOf = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

const kafka = await startKafka({ own: true })
const config = kafkaConfig(kafka.bootstrapServers)
const client = await firstValueFrom(defaultConnect(config))
const connections = await ClusterByPromises.open(config)
const producer = client.producer(producerConfig(kafka.bootstrapServers))
try {
  await lastValueFrom(client.admin.createTopics([{ topic, partitions: PARTITIONS }]), { defaultValue: undefined })
  await connections.refreshMetadata([topic])
  const broker = kafka.brokers[0]
  if (broker === undefined) throw new Error('no broker of our own')

  const offsets = new Map<number, number>()
  const asked = (partition: number) => ({
    ...{ topic, partition, currentLeaderEpoch: -1, partitionMaxBytes: 524_288 },
    fetchOffset: offsets.get(partition) ?? 0,
  })
  const all = Array.from({ length: PARTITIONS }, (_, partition) => partition)

  const run = async (title: string, sessions: boolean, busy: boolean): Promise<void> => {
    let [session, epoch, sent, received] = [0, sessions ? 0 : -1, 0, 0]
    let changed: readonly number[] = all
    const before = { own: process.cpuUsage(), broker: cpuMsOf(broker.pid), at: performance.now() }
    for (let n = 0; n < FETCHES; n++) {
      if (busy) {
        producer.append({ topic, partition: n % 10, value: 'x'.repeat(100) })
        await lastValueFrom(producer.flush(), { defaultValue: undefined })
      }
      const request: FetchRequest = {
        ...{ maxWaitMs: 100, minBytes: 1, maxBytes: 52_428_800, isolationLevel: 'read_committed' },
        ...{ sessionId: session, sessionEpoch: epoch },
        partitions: (sessions ? changed : all).map(asked),
      }
      sent += fetchByNameApi.encode(request).length
      const counted = {
        ...fetchByNameApi,
        decode: (body: Buffer) => ((received += body.length), fetchByNameApi.decode(body)),
      }
      const answer = await connections.send(broker.id, 'fetch bench', counted, request)
      if (sessions) [session, epoch] = [answer.sessionId, epoch + 1]
      changed = answer.partitions.filter(({ records }) => records.length > 0).map(({ partition }) => partition)
      for (const { partition, errorCode, highWatermark } of answer.partitions) {
        if (errorCode !== 0) throw brokerError(errorCode, { api: 'Fetch', topic, partition })
        offsets.set(partition, highWatermark)
      }
    }
    const { user, system } = process.cpuUsage(before.own)
    const seconds = (performance.now() - before.at) / 1000
    const each = (total: number): string => (total / FETCHES).toFixed(total / FETCHES < 10 ? 2 : 0).padStart(8)
    console.log(
      `${title.padEnd(28)} ${each(sent)} B out ${each(received)} B in ${each((user + system) / 1000)} ms CPU ` +
        `${each(cpuMsOf(broker.pid) - before.broker)} ms CPU of the broker, each of ${FETCHES} fetches in ${seconds.toFixed(1)} s`,
    )
  }
  // A broker takes its time to lead a thousand.
  const ready = (): Promise<void> => lastValueFrom(retryTransient(connections.cluster, () => from(leads())))
  const leads = async (): Promise<void> => {
    const partitions = all.map((partition) => ({ topic, partition, currentLeaderEpoch: -1, spec: latestOffset }))
    const request = { isolationLevel: 'read_committed', partitions } as const
    const answer = await connections.send(broker.id, 'control', listOffsetsApi, request)
    const failed = answer.partitions.find(({ errorCode }) => errorCode !== 0)
    if (failed !== undefined) throw brokerError(failed.errorCode, { api: 'ListOffsets', topic })
  }
  await ready()
  for (const round of ['warm up', 'measured']) {
    console.log(round)
    await run('idle, without sessions', false, false)
    await run('idle, with sessions', true, false)
    await run('busy, without sessions', false, true)
    await run('busy, with sessions', true, true)
  }
} finally {
  await connections.close()
  await lastValueFrom(client.close(), { defaultValue: undefined })
  await kafka.stop()
}
