import { ByteReader } from '../ByteReader.js'
import { ByteWriter } from '../ByteWriter.js'
import type { KafkaApi } from './KafkaApi.js'
import type { MetadataRequest, MetadataResponse } from './metadata.js'

/**
 * Metadata Request (Version: 8) => [topics] allow_auto_topic_creation include_cluster_authorized_operations include_topic_authorized_operations
 *   topics => name
 *     name => STRING
 *   allow_auto_topic_creation => BOOLEAN
 *   include_cluster_authorized_operations => BOOLEAN
 *   include_topic_authorized_operations => BOOLEAN
 */
const encodeRequest = ({ topics, createMissing = false }: MetadataRequest): Buffer => {
  const writer = new ByteWriter()
  if (topics === null) writer.writeInt32(-1)
  else writer.writeArray(topics, (_, topic) => writer.writeString(topic))
  return writer.writeBoolean(createMissing).writeBoolean(false).writeBoolean(false).toBuffer()
}

/**
 * Metadata Response (Version: 8) => throttle_time_ms [brokers] cluster_id controller_id [topics] cluster_authorized_operations
 *   throttle_time_ms => INT32
 *   brokers => node_id host port rack
 *     node_id => INT32
 *     host => STRING
 *     port => INT32
 *     rack => NULLABLE_STRING
 *   cluster_id => NULLABLE_STRING
 *   controller_id => INT32
 *   topics => error_code name is_internal [partitions] topic_authorized_operations
 *     error_code => INT16
 *     name => STRING
 *     is_internal => BOOLEAN
 *     partitions => error_code partition_index leader_id leader_epoch [replica_nodes] [isr_nodes] [offline_replicas]
 *       error_code => INT16
 *       partition_index => INT32
 *       leader_id => INT32
 *       leader_epoch => INT32
 *       replica_nodes => INT32
 *       isr_nodes => INT32
 *       offline_replicas => INT32
 *     topic_authorized_operations => INT32
 *   cluster_authorized_operations => INT32
 */
const decodeResponse = (body: Buffer): MetadataResponse => {
  const reader = new ByteReader(body, 'Metadata response')
  const nodeIds = () => reader.readArray(() => reader.readInt32())
  return {
    throttleTimeMs: reader.readInt32(),
    brokers: reader.readArray(() => ({
      nodeId: reader.readInt32(),
      host: reader.readString(),
      port: reader.readInt32(),
      rack: reader.readNullableString(),
    })),
    clusterId: reader.readNullableString(),
    controllerId: reader.readInt32(),
    topics: reader.readArray(() => {
      const topic = {
        errorCode: reader.readInt16(),
        topic: reader.readString(),
        internal: reader.readBoolean(),
        partitions: reader.readArray(() => ({
          errorCode: reader.readInt16(),
          partition: reader.readInt32(),
          leader: reader.readInt32(),
          leaderEpoch: reader.readInt32(),
          replicas: nodeIds(),
          inSyncReplicas: nodeIds(),
          offlineReplicas: nodeIds(),
        })),
      }
      reader.readInt32()
      return topic
    }),
  }
}

/** The version before topics had ids, for brokers that speak none newer. */
export const metadataWithoutIdsApi: KafkaApi<MetadataRequest, MetadataResponse> = {
  apiKey: 3,
  apiVersion: 8,
  apiName: 'Metadata',
  encode: encodeRequest,
  decode: decodeResponse,
}
