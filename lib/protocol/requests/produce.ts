import type { Offset } from '../../client/Offset.js'
import { ByteReader } from '../ByteReader.js'
import { ByteWriter } from '../ByteWriter.js'
import { readByTopic, writeByTopic } from './byTopic.js'
import type { KafkaApi } from './KafkaApi.js'

export interface ProducePartition {
  readonly topic: string
  readonly partition: number
  /** exactly one record batch */
  readonly records: Buffer
}

export interface ProduceRequest {
  readonly transactionalId: string | null
  /** -1 all in-sync replicas, 1 the leader, 0 nobody: then no answer comes */
  readonly acks: -1 | 0 | 1
  /** how long the leader may wait for the replicas, ms */
  readonly timeoutMs: number
  readonly partitions: readonly ProducePartition[]
}

export interface ProducedPartition {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  readonly baseOffset: Offset
  /** ms; -1 unless the topic uses LogAppendTime */
  readonly logAppendTimeMs: number
  readonly logStartOffset: Offset
  /** the records that made the broker refuse the batch (KIP-467), by index in the batch */
  readonly recordErrors: readonly { readonly batchIndex: number; readonly message: string | null }[]
  readonly errorMessage: string | null
}

export interface ProduceResponse {
  readonly partitions: readonly ProducedPartition[]
  readonly throttleTimeMs: number
}

/**
 * Produce Request (Version: 8) => transactional_id acks timeout_ms [topic_data]
 *   transactional_id => NULLABLE_STRING
 *   acks => INT16
 *   timeout_ms => INT32
 *   topic_data => name [partition_data]
 *     name => STRING
 *     partition_data => index records
 *       index => INT32
 *       records => RECORDS
 */
export const encodeProduceRequest = (request: ProduceRequest): Buffer => {
  const size = request.partitions.reduce(
    (bytes, { topic, records }) => bytes + records.length + topic.length * 3 + 16,
    64,
  )
  const writer = new ByteWriter(size)
    .writeNullableString(request.transactionalId)
    .writeInt16(request.acks)
    .writeInt32(request.timeoutMs)
  return writeByTopic(writer, request.partitions, (_, { partition, records }) => {
    writer.writeInt32(partition).writeBytes(records)
  }).toBuffer()
}

/**
 * Produce Response (Version: 8) => [responses] throttle_time_ms
 *   responses => name [partition_responses]
 *     name => STRING
 *     partition_responses => index error_code base_offset log_append_time_ms log_start_offset [record_errors] error_message
 *       index => INT32
 *       error_code => INT16
 *       base_offset => INT64
 *       log_append_time_ms => INT64
 *       log_start_offset => INT64
 *       record_errors => batch_index batch_index_error_message
 *         batch_index => INT32
 *         batch_index_error_message => NULLABLE_STRING
 *       error_message => NULLABLE_STRING
 *   throttle_time_ms => INT32
 */
export const decodeProduceResponse = (body: Buffer): ProduceResponse => {
  const reader = new ByteReader(body, 'Produce response')
  return {
    partitions: readByTopic(reader, (_, topic) => ({
      topic,
      partition: reader.readInt32(),
      errorCode: reader.readInt16(),
      baseOffset: reader.readInt64(),
      logAppendTimeMs: reader.readInt64(),
      logStartOffset: reader.readInt64(),
      recordErrors: reader.readNullableArray(() => ({
        batchIndex: reader.readInt32(),
        message: reader.readNullableString(),
      })),
      errorMessage: reader.readNullableString(),
    })),
    throttleTimeMs: reader.readInt32(),
  }
}

export const produceApi: KafkaApi<ProduceRequest, ProduceResponse> = {
  apiKey: 0,
  apiVersion: 8,
  apiName: 'Produce',
  encode: encodeProduceRequest,
  decode: decodeProduceResponse,
}
