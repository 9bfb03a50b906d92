import { ByteReader } from '../ByteReader.js'
import { ByteWriter } from '../ByteWriter.js'
import type { KafkaApi } from './KafkaApi.js'
import { metadataWithoutIdsApi } from './metadataWithoutIds.js'

export interface MetadataRequest {
  /** null asks for all topics */
  readonly topics: readonly string[] | null
  /** lets the broker create missing topics, if its `auto.create.topics.enable` does; only writers ask for that */
  readonly createMissing?: boolean
}

export interface BrokerMetadata {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

export interface PartitionMetadata {
  readonly errorCode: number
  readonly partition: number
  /** broker id; -1 while there is none */
  readonly leader: number
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
  readonly inSyncReplicas: readonly number[]
  readonly offlineReplicas: readonly number[]
}

export interface TopicMetadata {
  readonly errorCode: number
  readonly topic: string
  /** what tells it from another one of the same name, before it or after it (KIP-516); undefined where topics have none */
  readonly topicId?: string | undefined
  readonly internal: boolean
  readonly partitions: readonly PartitionMetadata[]
}

export interface MetadataResponse {
  readonly throttleTimeMs: number
  readonly brokers: readonly BrokerMetadata[]
  readonly clusterId: string | null
  readonly controllerId: number
  readonly topics: readonly TopicMetadata[]
}

/**
 * Metadata Request (Version: 12) => [topics] allow_auto_topic_creation include_topic_authorized_operations TAG_BUFFER
 *   topics => topic_id name TAG_BUFFER
 *     topic_id => UUID
 *     name => COMPACT_NULLABLE_STRING
 *   allow_auto_topic_creation => BOOLEAN
 *   include_topic_authorized_operations => BOOLEAN
 *
 * Flexible, so the header's TAG_BUFFER comes first.
 */
const encodeRequest = ({ topics, createMissing = false }: MetadataRequest): Buffer => {
  const writer = new ByteWriter().writeNoTaggedFields()
  if (topics === null) writer.writeUnsignedVarint(0)
  else
    writer.writeCompactArray(topics, (_, topic) =>
      writer.writeUuid(undefined).writeCompactString(topic).writeNoTaggedFields(),
    )
  return writer.writeBoolean(createMissing).writeBoolean(false).writeNoTaggedFields().toBuffer()
}

/**
 * Metadata Response (Version: 12) => throttle_time_ms [brokers] cluster_id controller_id [topics] TAG_BUFFER
 *   throttle_time_ms => INT32
 *   brokers => node_id host port rack TAG_BUFFER
 *     node_id => INT32
 *     host => COMPACT_STRING
 *     port => INT32
 *     rack => COMPACT_NULLABLE_STRING
 *   cluster_id => COMPACT_NULLABLE_STRING
 *   controller_id => INT32
 *   topics => error_code name topic_id is_internal [partitions] topic_authorized_operations TAG_BUFFER
 *     error_code => INT16
 *     name => COMPACT_NULLABLE_STRING
 *     topic_id => UUID
 *     is_internal => BOOLEAN
 *     partitions => error_code partition_index leader_id leader_epoch [replica_nodes] [isr_nodes] [offline_replicas] TAG_BUFFER
 *       error_code => INT16
 *       partition_index => INT32
 *       leader_id => INT32
 *       leader_epoch => INT32
 *       replica_nodes => INT32
 *       isr_nodes => INT32
 *       offline_replicas => INT32
 *     topic_authorized_operations => INT32
 */
const decodeResponse = (body: Buffer): MetadataResponse => {
  const reader = new ByteReader(body, 'Metadata response')
  reader.skipTaggedFields()
  const answer = {
    throttleTimeMs: reader.readInt32(),
    brokers: reader.readCompactArray(() => {
      const broker = {
        nodeId: reader.readInt32(),
        host: reader.readCompactString(),
        port: reader.readInt32(),
        rack: reader.readCompactNullableString(),
      }
      reader.skipTaggedFields()
      return broker
    }),
    clusterId: reader.readCompactNullableString(),
    controllerId: reader.readInt32(),
    topics: reader.readCompactArray(() => {
      const topic = {
        errorCode: reader.readInt16(),
        // Null only for a topic that was asked for by its id.
        topic: reader.readCompactString(),
        topicId: reader.readUuid(),
        internal: reader.readBoolean(),
        partitions: reader.readCompactArray(() => readPartition(reader)),
      }
      reader.readInt32()
      reader.skipTaggedFields()
      return topic
    }),
  }
  reader.skipTaggedFields()
  return answer
}

const readPartition = (reader: ByteReader): PartitionMetadata => {
  const nodeIds = () => reader.readCompactArray(() => reader.readInt32())
  const partition = {
    errorCode: reader.readInt16(),
    partition: reader.readInt32(),
    leader: reader.readInt32(),
    leaderEpoch: reader.readInt32(),
    replicas: nodeIds(),
    inSyncReplicas: nodeIds(),
    offlineReplicas: nodeIds(),
  }
  reader.skipTaggedFields()
  return partition
}

/** kafkajs stops at version 6, which has neither leader epochs nor the ids of topics. */
export const metadataApi: KafkaApi<MetadataRequest, MetadataResponse> = {
  apiKey: 3,
  apiVersion: 12,
  apiName: 'Metadata',
  encode: encodeRequest,
  decode: decodeResponse,
  older: metadataWithoutIdsApi,
}
