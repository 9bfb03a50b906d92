import { concat, endWith, tap } from 'rxjs'
import { KafkaSource, OffsetsInitializer, SimpleStringSchema } from '../../lib/index.js'
import type { Sample } from './Sample.js'

/** Two ways to end: a bounded source reads what is there now; an unbounded one with a stop waits for what is to come. */
export const boundedness: Sample = (kafka) => {
  kafka.createTopic('laps', 1)
  kafka.produce('laps', [{ value: 'lap 1' }, { value: 'lap 2' }])
  const builder = () =>
    KafkaSource.builder()
      .setBootstrapServers('memory:9092')
      .setTopics('laps')
      .setValueOnlyDeserializer(new SimpleStringSchema())

  const bounded = builder().setBounded(OffsetsInitializer.latest()).build()
  const threeLaps = builder()
    .setUnbounded(OffsetsInitializer.offsets({ 'laps-0': 3 }))
    .build()
  return concat(
    bounded.records({ connect: kafka.connect }).pipe(endWith('bounded: done')),
    threeLaps.records({ connect: kafka.connect }).pipe(
      // The third is run while the source waits for it.
      tap((lap) => lap === 'lap 2' && kafka.produce('laps', [{ value: 'lap 3' }, { value: 'lap 4' }])),
      endWith('unbounded, with a stop: done'),
    ),
  )
}
