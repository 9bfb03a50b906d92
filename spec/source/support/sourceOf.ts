import { SimpleStringSchema } from '../../../lib/client/schema/SimpleStringSchema.js'
import { KafkaSource } from '../../../lib/source/KafkaSource.js'
import type { KafkaSourceBuilder } from '../../../lib/source/KafkaSourceBuilder.js'

/** A builder of strings from topic `t`, all required settings made, discovery once. */
export const builderOf = (topic = 't'): KafkaSourceBuilder<string> =>
  KafkaSource.builder()
    .setBootstrapServers('localhost:9092')
    .setTopics(topic)
    .setGroupId('g')
    .setProperty('partition.discovery.interval.ms', -1)
    .setValueOnlyDeserializer(new SimpleStringSchema())

/** Records of the values, with ascending timestamps 0, 1, 2, …, all to one partition. */
export const valuesFor = (partition: number, ...values: readonly string[]) =>
  values.map((value, timestamp) => ({ partition, value, timestamp }))

/** A logger that says nothing. */
export const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

/** The same source, saying nothing. */
export const silent = <T>(source: KafkaSource<T>): KafkaSource<T> => {
  const { consumer } = source.config
  Object.assign(source.config, { consumer: { ...consumer, client: { ...consumer.client, logger: quiet } } })
  return source
}
