import { concat, defer, ignoreElements, of } from 'rxjs'
import {
  CheckpointCoordinator,
  KafkaSource,
  MemoryCheckpointStore,
  OffsetsInitializer,
  SimpleStringSchema,
} from '../../lib/index.js'
import type { Sample } from './Sample.js'

/** What a group is told: with each checkpoint or, without checkpoints and only if asked for, as time goes by. */
export const offsetCommitting: Sample = (kafka) => {
  kafka.createTopic('flights', 1)
  kafka.produce(
    'flights',
    ['a', 'b', 'c'].map((value) => ({ value })),
  )
  const builder = (group: string) =>
    KafkaSource.builder()
      .setBootstrapServers('memory:9092')
      .setTopics('flights')
      .setGroupId(group)
      .setBounded(OffsetsInitializer.latest())
      .setValueOnlyDeserializer(new SimpleStringSchema())
  const checkpoints = CheckpointCoordinator.create({ interval: 1000, store: new MemoryCheckpointStore() })
  const { connect } = kafka
  const runs = {
    'with checkpoints': builder('with checkpoints').build().records({ connect, checkpoints }),
    'by time': builder('by time').setProperty('enable.auto.commit', true).build().records({ connect }),
    neither: builder('neither').build().records({ connect }),
  }
  return concat(
    ...Object.entries(runs).map(([group, records$]) =>
      concat(
        records$.pipe(ignoreElements()),
        defer(() => of(`${group}: ${kafka.committedOffsets(group).get('flights-0') ?? 'nothing'}`)),
      ),
    ),
  )
}
