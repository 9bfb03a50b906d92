import type { Observable, SchedulerLike } from 'rxjs'
import type { ConnectKafka, KafkaClient } from '../../../lib/client/KafkaClient.js'
import type { OffsetsByPartition } from '../../../lib/client/Offset.js'
import type { ProducerRecord } from '../../../lib/client/ProducerRecord.js'
import type { ByPartition, RecordedLog } from './RecordedJob.js'

export type ReplayedLog = ByPartition<Omit<RecordedLog, 'beginning'>>

/** A Kafka that recorded jobs are replayed on: what their steps do to it, and what is looked at. Each call acts when subscribed. */
export interface RecordedKafka {
  readonly bootstrapServers: string
  readonly connect: ConnectKafka
  readonly scheduler: SchedulerLike
  /** for what strangers do */
  readonly client$: Observable<KafkaClient>
  /** How long something may take longer than in the recording, in ms: a busy machine is no departure. */
  readonly patienceMs: number
  produce(records: readonly ProducerRecord[]): Observable<unknown>
  deleteRecords(topic: string, partition: number, before: number): Observable<unknown>
  /** Completes when all partitions of the topic are compacted so far that their logs are as expected. */
  compact(topic: string, expected: ReplayedLog): Observable<unknown>
  /** What the group has committed for the topic, by `topic-partition`. */
  committed(group: string, topic: string): Observable<OffsetsByPartition>
  /** What is in the log, by partition. */
  log(topic: string): Observable<ReplayedLog>
}
