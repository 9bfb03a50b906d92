import { concat, map, toArray } from 'rxjs'
import {
  KafkaSource,
  OffsetResetStrategy,
  OffsetsInitializer,
  SimpleStringSchema,
  TopicPartition,
} from '../../lib/index.js'
import type { Sample } from './Sample.js'

/** Where reading begins when no checkpoint knows better. */
export const startingOffsets: Sample = (kafka) => {
  kafka.createTopic('hours', 1)
  kafka.produce(
    'hours',
    ['six', 'seven', 'eight', 'nine'].map((value, n) => ({ value, timestamp: (6 + n) * 3_600_000 })),
  )
  kafka.commitOffsets('readers', [[new TopicPartition('hours', 0), 3]])

  const initializers = {
    earliest: OffsetsInitializer.earliest(),
    latest: OffsetsInitializer.latest(),
    'from seven o’clock': OffsetsInitializer.timestamp(7 * 3_600_000),
    committed: OffsetsInitializer.committedOffsets(OffsetResetStrategy.EARLIEST),
    'from offset 2': OffsetsInitializer.offsets({ 'hours-0': 2 }),
  }
  return concat(
    ...Object.entries(initializers).map(([name, initializer]) =>
      KafkaSource.builder()
        .setBootstrapServers('memory:9092')
        .setTopics('hours')
        .setGroupId('readers')
        .setStartingOffsets(initializer)
        .setBounded(OffsetsInitializer.latest())
        .setValueOnlyDeserializer(new SimpleStringSchema())
        .build()
        .records({ connect: kafka.connect })
        .pipe(
          toArray(),
          map((hours) => `${name}: ${hours.join(', ')}`),
        ),
    ),
  )
}
