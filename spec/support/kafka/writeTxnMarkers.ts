import { ByteReader } from '../../../lib/protocol/ByteReader.js'
import { ByteWriter } from '../../../lib/protocol/ByteWriter.js'
import type { KafkaApi } from '../../../lib/protocol/requests/KafkaApi.js'

/** How the transaction of a producer ended, for one partition. */
export interface TransactionMarker {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly commit: boolean
  readonly topic: string
  readonly partition: number
  readonly coordinatorEpoch: number
}

/**
 * WriteTxnMarkers Request (Version: 1) => [markers] TAG_BUFFER
 *   markers => producer_id producer_epoch transaction_result [topics] coordinator_epoch TAG_BUFFER
 *     producer_id => INT64
 *     producer_epoch => INT16
 *     transaction_result => BOOLEAN                 true: commit
 *     topics => name [partition_indexes] TAG_BUFFER
 *       name => COMPACT_STRING
 *       partition_indexes => INT32
 *     coordinator_epoch => INT32
 *
 * What coordinators send to the leaders of partitions, who answer an error code for each.
 */
export const writeTxnMarkersApi: KafkaApi<readonly TransactionMarker[], readonly number[]> = {
  apiKey: 27,
  apiVersion: 1,
  apiName: 'WriteTxnMarkers',
  encode: (markers) =>
    new ByteWriter()
      .writeNoTaggedFields()
      .writeCompactArray(markers, (writer, { producerId, producerEpoch, commit, topic, partition, coordinatorEpoch }) =>
        writer
          .writeBigInt64(producerId)
          .writeInt16(producerEpoch)
          .writeBoolean(commit)
          .writeCompactArray([topic], (name) =>
            name
              .writeCompactString(topic)
              .writeCompactArray([partition], (index) => index.writeInt32(partition))
              .writeNoTaggedFields(),
          )
          .writeInt32(coordinatorEpoch)
          .writeNoTaggedFields(),
      )
      .writeNoTaggedFields()
      .toBuffer(),
  decode: (body) => {
    const reader = new ByteReader(body, 'WriteTxnMarkers response')
    const codes: number[] = []
    reader.skipTaggedFields()
    reader.readCompactArray(() => {
      reader.readBigInt64()
      reader.readCompactArray(() => {
        reader.readCompactString()
        reader.readCompactArray(() => {
          reader.readInt32()
          codes.push(reader.readInt16())
          reader.skipTaggedFields()
        })
        reader.skipTaggedFields()
      })
      reader.skipTaggedFields()
    })
    return codes
  },
}
