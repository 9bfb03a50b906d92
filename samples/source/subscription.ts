import { concat, map } from 'rxjs'
import { KafkaSource, OffsetsInitializer, SimpleStringSchema, TopicPartition } from '../../lib/index.js'
import type { Sample } from './Sample.js'

/** Which partitions are read: those of topics, of all topics whose name matches, or some. */
export const subscription: Sample = (kafka) => {
  for (const topic of ['arrivals', 'departures']) {
    kafka.createTopic(topic, 2)
    for (const partition of [0, 1]) kafka.produce(topic, [{ partition, value: `${topic} ${partition}` }])
  }
  const builder = () => KafkaSource.builder().setBootstrapServers('memory:9092').setBounded(OffsetsInitializer.latest())
  const sources = {
    list: builder().setTopics('departures'),
    pattern: builder().setTopicPattern(/.*s/),
    partitions: builder().setPartitions([new TopicPartition('arrivals', 1)]),
  }
  return concat(
    ...Object.entries(sources).map(([name, source]) =>
      source
        .setValueOnlyDeserializer(new SimpleStringSchema())
        .build()
        .records({ connect: kafka.connect })
        .pipe(map((value) => `${name}: ${value}`)),
    ),
  )
}
