import { map, take, tap } from 'rxjs'
import { KafkaSource, OffsetsInitializer, SimpleStringSchema } from '../../lib/index.js'
import type { Sample } from './Sample.js'

/** Partitions and topics that come while a source runs are found, and read from their first record. */
export const discovery: Sample = (kafka) => {
  kafka.createTopic('gate-a', 1)
  kafka.produce('gate-a', [{ value: 'first' }])
  const grow = (): void => {
    kafka.createPartitions('gate-a', 2)
    kafka.produce('gate-a', [{ partition: 1, value: 'new partition' }])
    kafka.createTopic('gate-b', 1)
    kafka.produce('gate-b', [{ value: 'new topic' }])
  }
  return KafkaSource.builder()
    .setBootstrapServers('memory:9092')
    .setTopicPattern(/gate-.*/)
    .setStartingOffsets(OffsetsInitializer.earliest())
    .setProperty('partition.discovery.interval.ms', 20)
    .setValueOnlyDeserializer(new SimpleStringSchema())
    .build()
    .records({ connect: kafka.connect })
    .pipe(
      tap((value) => value === 'first' && grow()),
      map((value) => `read: ${value}`),
      take(3),
    )
}
