import { type Headers, noHeaders } from '../client/Headers.js'
import type { CompressionType } from '../client/KafkaConfig.js'
import type { Bytes } from '../client/ProducerRecord.js'
import { RecordBatchBuilder } from './RecordBatchBuilder.js'
import { type BatchProducer, noProducer, sealRecordBatch } from './sealRecordBatch.js'

export interface RecordToEncode {
  readonly key?: Bytes
  readonly value: Bytes
  readonly headers?: Headers
  /** ms; -1, the default, for none */
  readonly timestamp?: number
}

export interface BatchToEncode {
  readonly records: readonly RecordToEncode[]
  readonly producer?: BatchProducer
  readonly compression?: CompressionType
}

/** One batch of records that are all there already, at base offset 0: for fixtures and benchmarks. */
export const encodeRecordBatch = ({ records, producer = noProducer, compression = 'none' }: BatchToEncode): Buffer => {
  const builder = new RecordBatchBuilder(Infinity, 4096)
  for (const { key = null, value, headers = noHeaders, timestamp = -1 } of records) {
    builder.append(key, value, headers, timestamp)
  }
  return sealRecordBatch(builder.build(compression), producer)
}
