import { concatMap, lastValueFrom, take, tap, timer } from 'rxjs'
import { KafkaSource, mapAsync, OffsetsInitializer, recordsOnly, SimpleStringSchema } from '../../lib/index.js'
import { type BenchCase, stopwatch } from './BenchCase.js'

/** A consumer that does 1,000 records every 50 ms, far behind the broker: its memory says whether demand is bounded. */
export const run: BenchCase = async ({ bootstrapServers, topic, records }) => {
  const watch = stopwatch()
  let seen = 0
  const source = KafkaSource.builder()
    .setBootstrapServers(bootstrapServers)
    .setTopics(topic)
    .setStartingOffsets(OffsetsInitializer.earliest())
    .setValueOnlyDeserializer(new SimpleStringSchema())
    .build()
  await lastValueFrom(
    source.elements().pipe(
      mapAsync((value) => (++seen % 1000 === 0 ? timer(50).pipe(concatMap(() => [value])) : [value]), {
        concurrency: 1,
      }),
      recordsOnly(),
      tap(watch.start),
      take(records),
    ),
  )
  return watch.seconds()
}
