import type { CompressionType } from '../client/KafkaConfig.js'
import type { CompressionCodec } from './codecs/CompressionCodec.js'
import { gzip } from './codecs/gzip.js'
import { lz4Codec, type Lz4Package } from './codecs/lz4.js'
import { requirePackage } from './codecs/requirePackage.js'
import { snappyCodec, type SnappyPackage } from './codecs/snappy.js'
import { nodeZstdCodec, zstdCodec, type ZstdPackage } from './codecs/zstd.js'

/**
 * Packages are loaded when the first batch needs them.
 *
 * @throws KafkaError `Unsupported`, naming the package to install
 */
export const compressionCodec = (type: CompressionType): CompressionCodec => (loaded[type] ??= load[type]())

/** The lowest three bits of a batch's attributes. `undefined` for a codec that does not exist. */
export const compressionOfCode = (code: number): CompressionType | undefined => types[code]
export const codeOfCompression = (type: CompressionType): number => types.indexOf(type)

const types: readonly CompressionType[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

const none: CompressionCodec = {
  compress: (bytes) => bytes,
  decompress: (bytes) => bytes,
}

const load: Readonly<Record<CompressionType, () => CompressionCodec>> = {
  none: () => none,
  gzip: () => gzip,
  snappy: () => snappyCodec(requirePackage('snappy', 'snappy') as SnappyPackage),
  lz4: () => lz4Codec(requirePackage('lz4-napi', 'lz4') as Lz4Package),
  zstd: () => nodeZstdCodec() ?? zstdCodec(requirePackage('@toondepauw/node-zstd', 'zstd') as ZstdPackage),
}

const loaded: Partial<Record<CompressionType, CompressionCodec>> = {}
