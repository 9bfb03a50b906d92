import { concatMap, map, type Observable, of, tap } from 'rxjs'
import type { ProducerRecord } from '../../../lib/client/ProducerRecord.js'
import { decodeProducerConfig } from '../../../lib/config/producerConfig.js'
import type { MemoryKafka } from '../../../lib/memory/MemoryKafka.js'

/** A stranger's transaction, which is ended at once or left open. */
export const writeTransaction = (
  kafka: MemoryKafka,
  id: string,
  records: readonly ProducerRecord[],
  end: 'commit' | 'abort' | 'open',
): Observable<unknown> => {
  const decoded = decodeProducerConfig({ 'bootstrap.servers': 'memory:9092' })
  if (decoded._tag === 'Left') throw new Error(decoded.left.map(({ message }) => message).join())
  const { client: config, producer: settings } = decoded.right
  return kafka.connect(config).pipe(
    map((client) => client.transactionalProducer(id, settings)),
    concatMap((producer) =>
      producer.init().pipe(
        tap(() => {
          producer.begin()
          for (const record of records) producer.append(record)
        }),
        concatMap(() => producer.flush()),
        concatMap(() => (end === 'open' ? of(undefined) : producer[end]())),
      ),
    ),
  )
}
