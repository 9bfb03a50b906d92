import { KafkaError } from '../../client/KafkaError.js'
import { type CompressionCodec, refuseMoreThan } from './CompressionCodec.js'
import { lz4Bound } from './lz4Bound.js'

/** What we use of the package `lz4-napi`: LZ4 frames, of independent blocks and without checksums of content unless asked for. */
export interface Lz4Package {
  compressFrameSync(bytes: Buffer): Buffer
  decompressFrameSync(bytes: Buffer): Buffer
}

/**
 * LZ4 frames. Kafka's Java client refuses blocks that depend on each other and passes over a checksum of the content; the
 * package writes the first way and checks the second. It has one level, the fast one, which is Kafka's default.
 */
export const lz4Codec = (lz4: Lz4Package): CompressionCodec => {
  if (typeof (lz4 as Partial<Lz4Package>).decompressFrameSync !== 'function') throw tooOld()
  return {
    compress: (bytes) => lz4.compressFrameSync(bytes),
    decompress: (bytes, maxBytes) => {
      refuseMoreThan(maxBytes, lz4Bound(bytes))
      return lz4.decompressFrameSync(bytes)
    },
  }
}

const tooOld = (): KafkaError =>
  new KafkaError({
    _tag: 'Unsupported',
    message:
      'The package lz4-napi that is installed knows no LZ4 frames, which Kafka writes: npm install lz4-napi, in version ' +
      '2.10 or later.',
  })
