import { ByteReader } from '../ByteReader.js'
import { ByteWriter } from '../ByteWriter.js'
import { readCompactByTopic, writeCompactByTopic } from './byTopic.js'
import type { KafkaApi } from './KafkaApi.js'

export interface DescribeProducersRequest {
  /** all of them led by the broker that is asked */
  readonly partitions: readonly { readonly topic: string; readonly partition: number }[]
}

export interface DescribedProducer {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly lastSequence: number
  readonly lastTimestampMs: number
  /** -1 before the first marker */
  readonly coordinatorEpoch: number
  /** -1 without an open transaction */
  readonly currentTxnStartOffset: number
}

export interface DescribedPartition {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly producers: readonly DescribedProducer[]
}

export interface DescribeProducersResponse {
  readonly throttleTimeMs: number
  readonly partitions: readonly DescribedPartition[]
}

/**
 * DescribeProducers Request (Version: 0) => [topics] TAG_BUFFER
 *   topics => name [partition_indexes] TAG_BUFFER
 *     name => COMPACT_STRING
 *     partition_indexes => INT32
 *
 * Flexible from its first version, so the header's TAG_BUFFER comes first. Only leaders answer. Since Kafka 3.0 (KIP-664).
 */
export const encodeDescribeProducersRequest = ({ partitions }: DescribeProducersRequest): Buffer => {
  const writer = new ByteWriter().writeNoTaggedFields()
  return writeCompactByTopic(writer, partitions, (_, { partition }) => writer.writeInt32(partition))
    .writeNoTaggedFields()
    .toBuffer()
}

/**
 * DescribeProducers Response (Version: 0) => throttle_time_ms [topics] TAG_BUFFER
 *   throttle_time_ms => INT32
 *   topics => name [partitions] TAG_BUFFER
 *     name => COMPACT_STRING
 *     partitions => partition_index error_code error_message [active_producers] TAG_BUFFER
 *       partition_index => INT32
 *       error_code => INT16
 *       error_message => COMPACT_NULLABLE_STRING
 *       active_producers => producer_id producer_epoch last_sequence last_timestamp coordinator_epoch
 *                           current_txn_start_offset TAG_BUFFER
 *         producer_id => INT64
 *         producer_epoch => INT32
 *         last_sequence => INT32
 *         last_timestamp => INT64
 *         coordinator_epoch => INT32
 *         current_txn_start_offset => INT64
 */
export const decodeDescribeProducersResponse = (body: Buffer): DescribeProducersResponse => {
  const reader = new ByteReader(body, 'DescribeProducers response')
  reader.skipTaggedFields()
  return {
    throttleTimeMs: reader.readInt32(),
    partitions: readCompactByTopic(reader, (_, topic) => {
      const partition = {
        topic,
        partition: reader.readInt32(),
        errorCode: reader.readInt16(),
        errorMessage: reader.readCompactNullableString(),
        producers: reader.readCompactArray(readProducer),
      }
      reader.skipTaggedFields()
      return partition
    }),
  }
}

const readProducer = (reader: ByteReader): DescribedProducer => {
  const producer = {
    producerId: reader.readBigInt64(),
    producerEpoch: reader.readInt32(),
    lastSequence: reader.readInt32(),
    lastTimestampMs: reader.readInt64(),
    coordinatorEpoch: reader.readInt32(),
    currentTxnStartOffset: reader.readInt64(),
  }
  reader.skipTaggedFields()
  return producer
}

export const describeProducersApi: KafkaApi<DescribeProducersRequest, DescribeProducersResponse> = {
  apiKey: 61,
  apiVersion: 0,
  apiName: 'DescribeProducers',
  advice: 'Use Kafka 3.0 or newer.',
  encode: encodeDescribeProducersRequest,
  decode: decodeDescribeProducersResponse,
}
