import { concatMap, defer, map, type Observable, of, tap } from 'rxjs'
import type { TransactionalProducer } from '../../../lib/client/KafkaProducer.js'
import type { ProducerRecord } from '../../../lib/client/ProducerRecord.js'
import { decodeProducerConfig } from '../../../lib/config/producerConfig.js'
import type { MemoryKafka } from '../../../lib/memory/MemoryKafka.js'
import type { TransactionEnd } from './RecordedJob.js'

/** Transactions of strangers, by id. */
export class Transactions {
  private readonly open = new Map<string, TransactionalProducer>()

  constructor(private readonly kafka: MemoryKafka) {}

  /** Writes the records in a transaction of its own, and ends it or leaves it open. */
  write(id: string, records: readonly ProducerRecord[], end: TransactionEnd): Observable<unknown> {
    return defer(() => this.kafka.connect(config.client)).pipe(
      map((client) => client.transactionalProducer(id, config.producer)),
      tap((producer) => this.open.set(id, producer)),
      concatMap((producer) => producer.init().pipe(map(() => producer))),
      tap((producer) => {
        producer.begin()
        for (const record of records) producer.append(record)
      }),
      concatMap((producer) => producer.flush()),
      concatMap(() => this.end(id, end)),
    )
  }

  end(id: string, end: TransactionEnd): Observable<unknown> {
    const producer = this.open.get(id)
    if (producer === undefined) throw new Error(`No transaction ${id} was begun.`)
    return end === 'open' ? of(undefined) : producer[end]()
  }
}

type ProducerSettings = Extract<ReturnType<typeof decodeProducerConfig>, { readonly _tag: 'Right' }>['right']

const config = ((): ProducerSettings => {
  const decoded = decodeProducerConfig({ 'bootstrap.servers': 'memory:9092' })
  if (decoded._tag === 'Left') throw new Error(decoded.left.map(({ message }) => message).join())
  return decoded.right
})()
