import * as either from 'fp-ts/lib/Either.js'
import { filter, map, type Observable } from 'rxjs'
import {
  branch,
  CheckpointCoordinator,
  type CheckpointStore,
  type ConnectKafka,
  DeliveryGuarantee,
  KafkaRecordSerializationSchema,
  KafkaSink,
  KafkaSource,
  OffsetsInitializer,
  onRecords,
  restart,
  SimpleStringSchema,
  type SinkEvent,
  sinkTo,
} from '../../lib/index.js'
import { parseFlight } from './Flight.js'
import { enrich, type RouteFlight } from './RouteFlight.js'
import { BY_ROUTE, FLIGHTS, REJECTED } from './topics.js'

export interface FlightsJobOptions {
  readonly bootstrapServers: string
  readonly store: CheckpointStore
  /** the client adapter; kafkajs when left out */
  readonly connect?: ConnectKafka
  /** ms between checkpoints */
  readonly checkpointInterval?: number
}

export interface FlightsJob {
  readonly checkpoints: CheckpointCoordinator
  /** what the two sinks tell, by the topic they write to */
  readonly events$: Observable<readonly [topic: string, event: SinkEvent]>
}

export const GROUP = 'flights-by-route'

/** A record that is no flight, and why. */
interface Rejected {
  readonly reason: string
  readonly record: string
}

/**
 * flights → parsed and validated → flights-by-route, enriched; what fails goes to flights-rejected with the reason.
 *
 * Both sinks are exactly-once under the same checkpoints: a flight is in one of the two topics, once, however often the job is
 * killed and started again.
 */
export const flightsJob = (options: FlightsJobOptions): FlightsJob => {
  const { bootstrapServers, store, checkpointInterval = 1000 } = options
  const connect = options.connect === undefined ? {} : { connect: options.connect }
  const checkpoints = CheckpointCoordinator.create({ interval: checkpointInterval, store })

  const source = KafkaSource.builder()
    .setBootstrapServers(bootstrapServers)
    .setGroupId(GROUP)
    .setTopics(FLIGHTS)
    .setStartingOffsets(OffsetsInitializer.earliest())
    .setValueOnlyDeserializer(new SimpleStringSchema())
    .build()

  const byRoute = KafkaSink.builder<RouteFlight>()
    .setBootstrapServers(bootstrapServers)
    .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
    .setTransactionalIdPrefix('flights-by-route')
    .setRecordSerializer(
      KafkaRecordSerializationSchema.builder<RouteFlight>()
        .setTopic(BY_ROUTE)
        .setKeySerializationSchema({ serialize: ({ route }) => route })
        .setValueSerializationSchema({ serialize: (flight) => JSON.stringify(flight) })
        .build(),
    )
    .build()

  const rejected = KafkaSink.builder<Rejected>()
    .setBootstrapServers(bootstrapServers)
    .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
    .setTransactionalIdPrefix('flights-rejected')
    .setRecordSerializer(
      KafkaRecordSerializationSchema.builder<Rejected>()
        .setTopic(REJECTED)
        .setValueSerializationSchema({ serialize: ({ record }) => record })
        .setHeaderProvider(({ reason }) => [{ key: 'reason', value: Buffer.from(reason) }])
        .build(),
    )
    .build()

  const events$ = source.elements({ checkpoints, ...connect }).pipe(
    onRecords(map((record) => either.mapLeft((reason: string): Rejected => ({ reason, record }))(parseFlight(record)))),
    branch(
      (flights$) =>
        flights$.pipe(
          onRecords(
            filter(either.isRight),
            map(({ right }) => enrich(right)),
          ),
          sinkTo(byRoute, connect),
          map((event) => [BY_ROUTE, event] as const),
        ),
      (flights$) =>
        flights$.pipe(
          onRecords(
            filter(either.isLeft),
            map(({ left }) => left),
          ),
          sinkTo(rejected, connect),
          map((event) => [REJECTED, event] as const),
        ),
    ),
    // From the last completed checkpoint, after what a second try can mend.
    restart({ initialDelay: 200, maxDelay: 5000, isProgress: ([, { kind }]) => kind === 'committed' }),
  )
  return { checkpoints, events$ }
}
