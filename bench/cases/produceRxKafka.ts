import { concatMap, defer, EMPTY, expand, first, lastValueFrom, type Observable, of } from 'rxjs'
import { defaultConnect, type KafkaProducer } from '../../lib/index.js'
import { kafkaConfig, producerConfig } from '../configs.js'
import { type BenchCase, benchValue, stopwatch } from './BenchCase.js'

/** Appends until the buffer is full, then waits for room: what a sink does. */
const append = (producer: KafkaProducer, topic: string, from: number, to: number): Observable<number> =>
  defer(() => {
    let n = from
    while (n < to && producer.append({ topic, value: benchValue(n++) }));
    return n < to
      ? producer.room$.pipe(
          first(),
          concatMap(() => of(n)),
        )
      : producer.flush().pipe(concatMap(() => of(n)))
  })

export const run: BenchCase = async ({ bootstrapServers, output, records }) => {
  const client = await lastValueFrom(defaultConnect(kafkaConfig(bootstrapServers)))
  const producer = client.producer(producerConfig(bootstrapServers))
  const watch = stopwatch()
  watch.start()
  await lastValueFrom(
    append(producer, output, 0, records).pipe(
      expand((n) => (n < records ? append(producer, output, n, records) : EMPTY)),
    ),
  )
  const seconds = watch.seconds()
  await lastValueFrom(client.close())
  return seconds
}
