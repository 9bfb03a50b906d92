import { constants, gunzipSync, gzipSync } from 'node:zlib'
import type { CompressionType } from '../client/KafkaConfig.js'
import { KafkaError } from '../client/KafkaError.js'

/** Compresses and inflates the records of one batch. Synchronous: a batch is small, and a thread's round trip costs more. */
export interface CompressionCodec {
  compress(bytes: Buffer, level?: number): Buffer
  /** @throws when the bytes are damaged, or would become more than `maxBytes` */
  decompress(bytes: Buffer, maxBytes: number): Buffer
}

/** @throws KafkaError `Unsupported`, naming the package to install */
export const compressionCodec = (type: CompressionType): CompressionCodec => codecs[type]

/** The lowest three bits of a batch's attributes. `undefined` for a codec that does not exist. */
export const compressionOfCode = (code: number): CompressionType | undefined => types[code]
export const codeOfCompression = (type: CompressionType): number => types.indexOf(type)

const types: readonly CompressionType[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

const none: CompressionCodec = {
  compress: (bytes) => bytes,
  decompress: (bytes) => bytes,
}

const gzip: CompressionCodec = {
  compress: (bytes, level = constants.Z_DEFAULT_COMPRESSION) => gzipSync(bytes, { level }),
  decompress: (bytes, maxBytes) => gunzipSync(bytes, { maxOutputLength: maxBytes }),
}

const missing = (type: CompressionType, packageName: string): CompressionCodec => {
  const refuse = (): never => {
    throw new KafkaError({
      _tag: 'Unsupported',
      message:
        `Records are compressed with ${type}, for which rx-kafka needs the package "${packageName}"; this version cannot ` +
        'use it yet. Set compression.type to gzip or none where the records are written.',
    })
  }
  return { compress: refuse, decompress: refuse }
}

const codecs: Readonly<Record<CompressionType, CompressionCodec>> = {
  none,
  gzip,
  snappy: missing('snappy', 'snappy'),
  lz4: missing('lz4', 'lz4-napi'),
  zstd: missing('zstd', 'zstd-napi'),
}
