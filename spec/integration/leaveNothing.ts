/**
 * A child process of `nothingLeft.spec.ts`: starts a pipeline, ends it in the way that SCENARIO says, and then does nothing more.
 * It never calls `process.exit`, so it ends only when no timer, socket or other handle is left; what is left after a second, it names.
 */
import { map, tap } from 'rxjs'
import {
  CheckpointCoordinator,
  DeliveryGuarantee,
  FileCheckpointStore,
  KafkaRecordSerializationSchema,
  KafkaSink,
  KafkaSource,
  OffsetsInitializer,
  onRecords,
  SimpleStringSchema,
  sinkTo,
} from '../../lib/index.js'

export type Scenario = 'finish' | 'unsubscribe' | 'fail' | 'unreachable' | 'savepoint'

const { scenario, bootstrapServers, directory, topic } = JSON.parse(process.env['SCENARIO'] ?? '{}') as {
  readonly scenario: Scenario
  readonly bootstrapServers: string
  readonly directory: string
  readonly topic: string
}

const source = KafkaSource.builder()
  .setBootstrapServers(scenario === 'unreachable' ? '127.0.0.1:1' : bootstrapServers)
  .setTopics(topic)
  .setGroupId('leave-nothing')
  .setValueOnlyDeserializer(new SimpleStringSchema())
  .setProperty('request.timeout.ms', 2000)
if (scenario === 'finish') source.setBounded(OffsetsInitializer.latest())

const sink = KafkaSink.builder<string>()
  .setBootstrapServers(bootstrapServers)
  .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
  .setTransactionalIdPrefix(`${topic}-${scenario}`)
  .setRecordSerializer(
    KafkaRecordSerializationSchema.builder<string>()
      .setTopic(`${topic}-out`)
      .setValueSerializationSchema(new SimpleStringSchema())
      .build(),
  )
  .build()

const checkpoints = CheckpointCoordinator.create({ interval: 100, store: new FileCheckpointStore(directory) })

let committed = 0
const subscription = source
  .build()
  .elements({ checkpoints })
  .pipe(
    onRecords(
      map((value) => {
        if (scenario === 'fail' && committed > 0) throw new Error('a fault of the program')
        return value
      }),
    ),
    sinkTo(sink),
    tap(({ kind }) => {
      if (kind !== 'committed') return
      committed++
      if (scenario === 'unsubscribe') setImmediate(() => ended('unsubscribed', () => subscription.unsubscribe()))
      if (scenario === 'savepoint') checkpoints.stopWithSavepoint({ drain: false })
    }),
  )
  .subscribe({
    error: (error: Error) => ended(`error: ${error.message}`),
    complete: () => ended('completed'),
  })

function ended(how: string, act = () => undefined as unknown): void {
  act()
  console.log(how)
  // Unreferenced: it does not keep the process alive, but speaks up where something else does.
  setTimeout(() => console.log(`left: ${process.getActiveResourcesInfo().join(', ')}`), 3000).unref()
}
