import type * as t from 'io-ts'
import type { Offset } from '../../client/Offset.js'
import type { ConsumerRecord } from '../../client/ConsumerRecord.js'
import { JsonSchema, type JsonSchemaOptions } from '../../client/schema/JsonSchema.js'
import type { RecordDeserializer } from './RecordDeserializer.js'

/** A record as JSON; what it does not have is left out. */
export interface JsonKeyValue<K = unknown, V = unknown> {
  /** left out when the key is null */
  readonly key?: K
  /** left out for a tombstone */
  readonly value?: V
  /** where it was read, when it is asked for */
  readonly metadata?: { readonly offset: Offset; readonly topic: string; readonly partition: number }
}

/**
 * Key and value as JSON, with where they were read if wanted; Flink's class of this name. With io-ts codecs they are checked as they
 * are read, as by `JsonSchema`, whose options it takes too.
 *
 * @example
 * ```ts
 * KafkaSource.builder().setDeserializer(new JSONKeyValueDeserializationSchema(true))
 * // { key: { id: 7 }, value: { delay: 12 }, metadata: { offset: 42, topic: 'flights', partition: 0 } }
 * KafkaSource.builder().setDeserializer(new JSONKeyValueDeserializationSchema(false, { value: t.type({ delay: t.number }) }))
 * ```
 */
export class JSONKeyValueDeserializationSchema<K = unknown, V = unknown> implements RecordDeserializer<
  JsonKeyValue<K, V>
> {
  private readonly key: JsonSchema<K>
  private readonly value: JsonSchema<V>

  constructor(
    private readonly includeMetadata = false,
    codecs: { readonly key?: t.Type<K, unknown> | undefined; readonly value?: t.Type<V, unknown> | undefined } = {},
    options: JsonSchemaOptions = {},
  ) {
    this.key = new JsonSchema(codecs.key, options)
    this.value = new JsonSchema(codecs.value, options)
  }

  deserialize(
    { key, value, offset, topic, partition }: ConsumerRecord,
    emit: (value: JsonKeyValue<K, V>) => void,
  ): void {
    emit({
      ...(key === null ? {} : { key: this.key.deserialize(key) }),
      ...(value === null ? {} : { value: this.value.deserialize(value) }),
      ...(this.includeMetadata ? { metadata: { offset, topic, partition } } : {}),
    })
  }
}
