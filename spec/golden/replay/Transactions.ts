import { concat, concatMap, defer, ignoreElements, map, type Observable, of, repeat, takeWhile, tap } from 'rxjs'
import type { KafkaClient } from '../../../lib/client/KafkaClient.js'
import type { TransactionalProducer } from '../../../lib/client/KafkaProducer.js'
import { latestOffset } from '../../../lib/client/OffsetSpec.js'
import type { ProducerRecord } from '../../../lib/client/ProducerRecord.js'
import { TopicPartition } from '../../../lib/client/TopicPartition.js'
import { decodeProducerConfig } from '../../../lib/config/producerConfig.js'
import type { TransactionEnd } from './RecordedJob.js'

interface Open {
  readonly client: KafkaClient
  readonly producer: TransactionalProducer
  /** where it wrote */
  readonly partition: TopicPartition
}

/** Transactions of strangers, by id; each writes to one partition. */
export class Transactions {
  private readonly open = new Map<string, Open>()

  constructor(private readonly client$: Observable<KafkaClient>) {}

  /** Writes the records in a transaction of its own, and ends it or leaves it open. */
  write(id: string, records: readonly ProducerRecord[], end: TransactionEnd): Observable<unknown> {
    const { topic, partition } = records[0]!
    return this.client$.pipe(
      map((client) => ({
        client,
        producer: client.transactionalProducer(id, config),
        partition: new TopicPartition(topic, partition ?? 0),
      })),
      tap((open) => this.open.set(id, open)),
      concatMap(({ producer }) => producer.init().pipe(map(() => producer))),
      tap((producer) => {
        producer.begin()
        for (const record of records) producer.append(record)
      }),
      concatMap((producer) => producer.flush()),
      concatMap(() => this.end(id, end)),
    )
  }

  /** Emits when the marker is in the log, which is a while after the broker's answer. */
  end(id: string, end: TransactionEnd): Observable<unknown> {
    const open = this.open.get(id)
    if (open === undefined) throw new Error(`No transaction ${id} was begun.`)
    if (end === 'open') return of(undefined)
    const logEnd$ = defer(() =>
      open.client.admin.listOffsets([[open.partition, latestOffset]], 'read_uncommitted'),
    ).pipe(map((offsets) => [...offsets.values()][0]))
    return logEnd$.pipe(
      concatMap((before) =>
        concat(
          open.producer[end]().pipe(ignoreElements()),
          logEnd$.pipe(
            repeat({ delay: 20 }),
            takeWhile((now) => now === before, true),
          ),
        ),
      ),
    )
  }
}

const config = (() => {
  const decoded = decodeProducerConfig({ 'bootstrap.servers': 'memory:9092' })
  if (decoded._tag === 'Left') throw new Error(decoded.left.map(({ message }) => message).join())
  return decoded.right.producer
})()
