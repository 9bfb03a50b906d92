import { defer, EMPTY, type Observable, of, shareReplay } from 'rxjs'
import type { TestScheduler } from 'rxjs/testing'
import type { IsolationLevel } from '../../../lib/client/IsolationLevel.js'
import type { KafkaClient } from '../../../lib/client/KafkaClient.js'
import { decodeProducerConfig } from '../../../lib/config/producerConfig.js'
import { MemoryKafka } from '../../../lib/memory/MemoryKafka.js'
import type { RecordedKafka, ReplayedLog } from './RecordedKafka.js'

const BOOTSTRAP_SERVERS = 'memory:9092'

/** A client of strangers. */
export const clientOf = (kafka: MemoryKafka): Observable<KafkaClient> =>
  defer(() => kafka.connect(clientConfig)).pipe(shareReplay({ bufferSize: 1, refCount: false }))

/** An in-memory Kafka of its own, in virtual time. */
export const onMemory = (scheduler: TestScheduler): RecordedKafka => {
  const kafka = new MemoryKafka({ scheduler })
  const act = (effect: () => void): Observable<never> =>
    defer(() => {
      effect()
      return EMPTY
    })
  return {
    bootstrapServers: BOOTSTRAP_SERVERS,
    connect: kafka.connect,
    scheduler,
    client$: clientOf(kafka),
    patienceMs: 0,
    produce: (records) =>
      act(() => {
        kafka.produce(records[0]!.topic, records)
      }),
    deleteRecords: (topic, partition, before) =>
      act(() => {
        kafka.deleteRecords(topic, partition, before)
      }),
    compact: (topic, expected) =>
      act(() => {
        for (const partition of Object.keys(expected)) kafka.compact(topic, Number(partition))
      }),
    committed: (group) => defer(() => of(kafka.committedOffsets(group))),
    log: (topic) => defer(() => of(logOf(kafka, topic))),
  }
}

const logOf = (kafka: MemoryKafka, topic: string): ReplayedLog => {
  const ends = (level: IsolationLevel) => kafka.endOffsets(topic, level)
  const records = (level: IsolationLevel, p: number) =>
    kafka.records(topic, level).filter(({ partition }) => partition === p)
  return Object.fromEntries(
    ends('read_uncommitted').map((endReadUncommitted, p) => [
      String(p),
      {
        endReadUncommitted,
        endReadCommitted: ends('read_committed')[p] ?? 0,
        offsetsReadUncommitted: records('read_uncommitted', p).map(({ offset }) => offset),
        offsetsReadCommitted: records('read_committed', p).map(({ offset }) => offset),
        timestamps: records('read_uncommitted', p).map(({ timestamp }) => timestamp),
      },
    ]),
  )
}

const clientConfig = (() => {
  const decoded = decodeProducerConfig({ 'bootstrap.servers': BOOTSTRAP_SERVERS })
  if (decoded._tag === 'Left') throw new Error(decoded.left.map(({ message }) => message).join())
  return decoded.right.client
})()
