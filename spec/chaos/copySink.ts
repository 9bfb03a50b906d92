import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { DeliveryGuarantee } from '../../lib/sink/DeliveryGuarantee.js'
import { KafkaSink } from '../../lib/sink/KafkaSink.js'
import { KafkaRecordSerializationSchema } from '../../lib/sink/serializer/KafkaRecordSerializationSchema.js'

/**
 * Where the jobs of chaos write, exactly once. A value is `partition:sequence` and goes to that partition, so that order can be
 * checked partition by partition.
 */
export const copySink = (topic: string, transactionalIdPrefix: string, bootstrapServers = 'memory:9092') =>
  KafkaSink.builder<string>()
    .setBootstrapServers(bootstrapServers)
    .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
    .setTransactionalIdPrefix(transactionalIdPrefix)
    .setRecordSerializer(
      KafkaRecordSerializationSchema.builder<string>()
        .setTopic(topic)
        .setPartitioner({ partition: (value) => Number(value.slice(0, value.indexOf(':'))) })
        .setValueSerializationSchema(new SimpleStringSchema())
        .build(),
    )
