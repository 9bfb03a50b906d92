import { filter, lastValueFrom, map, tap } from 'rxjs'
import { KafkaSource, OffsetsInitializer, onRecords, recordsOnly, SimpleStringSchema } from '../../lib/index.js'
import { type BenchCase, stopwatch } from './BenchCase.js'

export const run: BenchCase = async ({ bootstrapServers, topic, records }) => {
  const watch = stopwatch()
  let seen = 0
  const source = KafkaSource.builder()
    .setBootstrapServers(bootstrapServers)
    .setTopics(topic)
    .setStartingOffsets(OffsetsInitializer.earliest())
    .setBounded(OffsetsInitializer.latest())
    .setValueOnlyDeserializer(new SimpleStringSchema())
    .build()
  await lastValueFrom(
    source.elements().pipe(
      onRecords(
        tap(watch.start),
        map((value) => value.length),
        filter((length) => length > 0),
      ),
      recordsOnly(),
      tap(() => seen++),
    ),
  )
  if (seen !== records) throw new Error(`${seen} records instead of ${records}`)
  return watch.seconds()
}
