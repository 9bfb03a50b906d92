import type { Observable } from 'rxjs'
import {
  DeliveryGuarantee,
  KafkaRecordSerializationSchema,
  KafkaSink,
  KafkaSource,
  OffsetsInitializer,
  SimpleStringSchema,
  type SinkEvent,
  sinkTo,
} from '../../../lib/index.js'
import { PASSWORD } from './HonestBroker.js'

const nothing = (): void => undefined
const quiet = { debug: nothing, info: nothing, warn: nothing, error: nothing }

/** Logs in, reads the topic `in` from beginning to end, and writes it to `out`: through the public API alone. */
export const copyJob = (address: string): Observable<SinkEvent> => {
  const properties = {
    ...{ 'reconnect.backoff.ms': 1, 'reconnect.backoff.max.ms': 5 },
    ...{ 'retry.backoff.ms': 1, 'retry.backoff.max.ms': 5, 'request.timeout.ms': 2000 },
    ...{ 'security.protocol': 'SASL_PLAINTEXT', 'sasl.mechanism': 'SCRAM-SHA-256' },
    'sasl.jaas.config': `org.apache.kafka.common.security.scram.ScramLoginModule required username="ada" password="${PASSWORD}";`,
  }
  const source = KafkaSource.builder()
    .setBootstrapServers(address)
    .setTopics('in')
    .setStartingOffsets(OffsetsInitializer.earliest())
    .setBounded(OffsetsInitializer.latest())
    .setValueOnlyDeserializer(new SimpleStringSchema())
    .setProperties(properties)
    .setLogger(quiet)
    .build()
  const sink = KafkaSink.builder<string>()
    .setBootstrapServers(address)
    .setDeliveryGuarantee(DeliveryGuarantee.NONE)
    .setRecordSerializer(
      KafkaRecordSerializationSchema.builder<string>()
        .setTopic('out')
        .setValueSerializationSchema(new SimpleStringSchema())
        .build(),
    )
    .setKafkaProducerConfig(properties)
    .setLogger(quiet)
    .build()
  return source.elements().pipe(sinkTo(sink))
}
