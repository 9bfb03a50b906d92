import { isDeepStrictEqual } from 'node:util'
import { asyncScheduler, concatMap, defer, forkJoin, from, map, type Observable, of, repeat, takeWhile } from 'rxjs'
import type { IsolationLevel } from '../../../lib/client/IsolationLevel.js'
import type { KafkaClient } from '../../../lib/client/KafkaClient.js'
import { earliestOffset, latestOffset, type OffsetSpec } from '../../../lib/client/OffsetSpec.js'
import { TopicPartition } from '../../../lib/client/TopicPartition.js'
import { defaultConnect } from '../../../lib/defaultClient.js'
import { readPartition } from '../../../lib/conformance/client/readPartition.js'
import { producerConfig } from '../../../lib/conformance/client/ContractScene.js'
import { deleteRecords } from '../../integration/deleteRecords.js'
import type { KafkaCluster } from '../../support/kafka/startKafka.js'
import type { RecordedKafka, ReplayedLog } from './RecordedKafka.js'

/** Real brokers, shared with other jobs; `client` is that of strangers. */
export const onBrokers = (cluster: KafkaCluster, client: KafkaClient): RecordedKafka => {
  const producer = client.producer(producerConfig())
  const kafka: RecordedKafka = {
    bootstrapServers: cluster.bootstrapServers,
    connect: defaultConnect,
    scheduler: asyncScheduler,
    client$: of(client),
    patienceMs: 20_000,
    produce: (records) =>
      defer(() => {
        for (const record of records) producer.append(record)
        return producer.flush()
      }),
    deleteRecords: (topic, partition, before) =>
      defer(() =>
        deleteRecords(
          cluster,
          topic,
          Array.from({ length: partition + 1 }, (_, p) => (p === partition ? before : 0)),
        ),
      ),
    compact: (topic, expected) =>
      defer(() => kafka.log(topic)).pipe(
        repeat({ delay: 200 }),
        takeWhile((log) => !isDeepStrictEqual(log, expected)),
      ),
    committed: (group, topic) =>
      partitionsOf(client, topic).pipe(concatMap((partitions) => client.admin.committedOffsets(group, partitions))),
    log: (topic) => logOf(client, topic),
  }
  return kafka
}

const partitionsOf = (client: KafkaClient, topic: string): Observable<readonly TopicPartition[]> =>
  client.admin
    .describeTopics([topic])
    .pipe(
      map(([description]) =>
        (description?.partitions ?? []).map(({ partition }) => new TopicPartition(topic, partition)),
      ),
    )

const logOf = (client: KafkaClient, topic: string): Observable<ReplayedLog> =>
  partitionsOf(client, topic).pipe(
    concatMap((partitions) => forkJoin(partitions.map((partition) => partitionLog(client, partition)))),
    map((logs) => Object.fromEntries(logs.map((log, partition) => [String(partition), log]))),
  )

const partitionLog = (client: KafkaClient, partition: TopicPartition): Observable<ReplayedLog[string]> =>
  forkJoin({
    start: offsetOf(client, partition, earliestOffset, 'read_uncommitted'),
    endReadUncommitted: offsetOf(client, partition, latestOffset, 'read_uncommitted'),
    endReadCommitted: offsetOf(client, partition, latestOffset, 'read_committed'),
  }).pipe(
    concatMap(({ start, endReadUncommitted, endReadCommitted }) => {
      const read = (isolationLevel: IsolationLevel, to: number) =>
        to <= start
          ? of([])
          : from(readPartition(client, partition, { from: start, to, isolationLevel })).pipe(
              map(({ records }) => records),
            )
      return forkJoin([read('read_uncommitted', endReadUncommitted), read('read_committed', endReadCommitted)]).pipe(
        map(([all, committed]) => ({
          endReadUncommitted,
          endReadCommitted,
          offsetsReadUncommitted: all.map(({ offset }) => offset),
          offsetsReadCommitted: committed.map(({ offset }) => offset),
          timestamps: all.map(({ timestamp }) => timestamp),
        })),
      )
    }),
  )

const offsetOf = (
  { admin }: KafkaClient,
  partition: TopicPartition,
  spec: OffsetSpec,
  isolationLevel: IsolationLevel,
): Observable<number> =>
  admin.listOffsets([[partition, spec]], isolationLevel).pipe(map((offsets) => [...offsets.values()][0] ?? 0))
