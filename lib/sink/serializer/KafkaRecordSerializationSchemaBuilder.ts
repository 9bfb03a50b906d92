import { aFunction, argument, type ArgumentKind, aString, havingMethods } from '../../checks/argument.js'
import { checkTopicName, invalidPartition, noBytes } from '../../client/checkProducerRecord.js'
import type { Bytes, ProducerRecord } from '../../client/ProducerRecord.js'
import type { SerializationSchema } from '../../client/schema/SerializationSchema.js'
import type { HeaderProvider } from './HeaderProvider.js'
import type { KafkaPartitioner } from './KafkaPartitioner.js'
import type { KafkaRecordSerializer } from './KafkaRecordSerializer.js'
import type { KafkaSinkContext } from './KafkaSinkContext.js'
import type { TopicSelector } from './TopicSelector.js'

/** Kafka's own serializers are asked with the topic too. */
export interface Serializer<T> {
  /**
   * Called once per record with the topic that the selector gave. null is Kafka's null: no key, or a tombstone. What it throws fails the
   * job.
   */
  serialize(topic: string, data: T): Bytes
}

/** Event time of an element in ms; null or negative leaves it out, and the time of writing is taken. */
export type TimestampProvider<T> = (element: T, timestamp: number | null) => number | null

/**
 * Builds a serializer from parts. A topic (or selector) and a value serializer are required; each can be set once. The setters
 * may come in any order (Flink's Kafka serializers need the topic first).
 *
 * Errors are Flink's: `Topic selector already set.`, `Key serializer already set.`, `Value serializer already set.`,
 * `No value serializer is configured.`, `No topic selector is configured.`
 *
 * @example
 * ```ts
 * const serializer = KafkaRecordSerializationSchema.builder<{ origin: string; delay: number }>()
 *   .setTopicSelector(({ delay }) => (delay > 60 ? 'late' : 'punctual'))
 *   .setKeySerializationSchema({ serialize: ({ origin }) => origin })
 *   .setValueSerializationSchema(new JsonSchema())
 *   .build()
 *
 * const context = { parallelInstanceId: 0, numberOfParallelInstances: 1, partitionsForTopic: () => [0] }
 * console.log(serializer.serialize({ origin: 'AMS', delay: 90 }, context, null)?.topic) // 'late'
 * ```
 */
export class KafkaRecordSerializationSchemaBuilder<T> {
  private topicSelector: TopicSelector<T> | undefined
  private topics: readonly string[] = []
  private keySerializer: Serializer<T> | undefined
  private valueSerializer: Serializer<T> | undefined
  private partitioner: KafkaPartitioner<T> | undefined
  private headerProvider: HeaderProvider<T> | undefined
  private timestampProvider: TimestampProvider<T> | undefined

  /** All records go to this topic. The sink asks for it when it opens. */
  setTopic(topic: string): this {
    required('topic', topic, aString)
    this.setTopicSelector(() => topic)
    this.topics = [topic]
    return this
  }

  /**
   * The topic of each element. Unlike `setTopic`, no topic is asked for when the sink opens: one that is missing is noticed with its
   * first record.
   */
  setTopicSelector(topicSelector: TopicSelector<T>): this {
    if (this.topicSelector) throw new Error('Topic selector already set.')
    this.topicSelector = required('topicSelector', topicSelector, aFunction)
    return this
  }

  /** Makes the key of an element. Default: no key. Throws when a key serializer is set. */
  setKeySerializationSchema(schema: SerializationSchema<T>): this {
    return this.setKafkaKeySerializer(ignoringTopic(required('keySerializationSchema', schema, aSerializer)))
  }

  /** The same, with the topic. Kafka's interface {@link Serializer}, as an instance. */
  setKafkaKeySerializer(serializer: Serializer<T>): this {
    if (this.keySerializer) throw new Error('Key serializer already set.')
    this.keySerializer = required('keySerializer', serializer, aSerializer)
    return this
  }

  /** Makes the value of an element. Required, here or by `setKafkaValueSerializer`; throws when one is set. */
  setValueSerializationSchema(schema: SerializationSchema<T>): this {
    return this.setKafkaValueSerializer(ignoringTopic(required('valueSerializationSchema', schema, aSerializer)))
  }

  /** The same, with the topic. Kafka's interface {@link Serializer}, as an instance. */
  setKafkaValueSerializer(serializer: Serializer<T>): this {
    if (this.valueSerializer) throw new Error('Value serializer already set.')
    this.valueSerializer = required('valueSerializer', serializer, aSerializer)
    return this
  }

  /**
   * Chooses the partition. Default: the key decides by murmur2, as in Kafka; without a key, whole batches go to one partition after the
   * other (KIP-480). The last call wins.
   */
  setPartitioner(partitioner: KafkaPartitioner<T>): this {
    this.partitioner = required('partitioner', partitioner, havingMethods('partition'))
    return this
  }

  /** Makes the headers of an element. Default: none. The last call wins. */
  setHeaderProvider(headerProvider: HeaderProvider<T>): this {
    this.headerProvider = required('headerProvider', headerProvider, aFunction)
    return this
  }

  /** Makes the timestamp of a record, in ms since the epoch. Default: the event time of the element. The last call wins. */
  setTimestampProvider(timestampProvider: TimestampProvider<T>): this {
    this.timestampProvider = required('timestampProvider', timestampProvider, aFunction)
    return this
  }

  /** Throws when the value serializer or the topic is missing. The builder may go on being used; what it has built does not change. */
  build(): KafkaRecordSerializer<T> {
    const { topicSelector, keySerializer, valueSerializer, partitioner, headerProvider, timestampProvider } = this
    if (!valueSerializer) throw new Error('No value serializer is configured.')
    if (!topicSelector) throw new Error('No topic selector is configured.')
    return {
      topics: this.topics,
      open: (context: KafkaSinkContext) =>
        partitioner?.open?.(context.parallelInstanceId, context.numberOfParallelInstances),
      serialize: (element: T, context: KafkaSinkContext, timestamp: number | null): ProducerRecord => {
        const topic: unknown = topicSelector(element)
        // What follows is given the topic, and may ask the cluster for it.
        if (typeof topic !== 'string') checkTopicName(topic)
        const key = keySerializer ? keySerializer.serialize(topic, element) : null
        const value = valueSerializer.serialize(topic, element)
        const partition = partitioner?.partition(element, key, value, topic, context.partitionsForTopic(topic), context)
        const time = timestampProvider ? timestampProvider(element, timestamp) : timestamp
        // Left out, these two would be no fault: the record would go to another partition, without a word.
        if (partition === undefined && partitioner !== undefined) throw invalidPartition(topic, partition)
        if ((key as unknown) === undefined) throw noBytes(topic, 'key', key)
        return {
          topic,
          partition,
          key,
          value,
          timestamp: time === null || time < 0 ? undefined : time,
          headers: headerProvider?.(element),
        }
      },
    }
  }
}

const ignoringTopic = <T>(schema: SerializationSchema<T>): Serializer<T> => ({
  serialize: (_topic, data) => schema.serialize(data),
})

const aSerializer = havingMethods('serialize')

/** What is missing is told as Flink tells it, by its name alone. */
const required = <V>(name: string, value: V, kind: ArgumentKind): V => {
  if (value === null || value === undefined) throw new TypeError(name)
  return argument(name, value, kind)
}
