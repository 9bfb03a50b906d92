import * as zlib from 'node:zlib'
import { type CompressionCodec, refuseMoreThan, withinLimit } from './CompressionCodec.js'
import { zstdBound } from './zstdBound.js'

/** What we use of the package `@toondepauw/node-zstd`. */
export interface ZstdPackage {
  readonly Encoder: new (level: number) => { encodeSync(bytes: Buffer): Buffer }
  readonly Decoder: new () => { decodeSync(bytes: Buffer): Buffer }
}

/** What Node has of zstd since 22.15. */
export interface NodeZstd {
  zstdCompressSync(bytes: Buffer, options: { readonly params: Readonly<Record<number, number>> }): Buffer
  zstdDecompressSync(bytes: Buffer, options: { readonly maxOutputLength: number }): Buffer
}

export const zstdCodec = ({ Encoder, Decoder }: ZstdPackage): CompressionCodec => {
  const decoder = new Decoder()
  return {
    compress: (bytes, level = DEFAULT_LEVEL) => new Encoder(level).encodeSync(bytes),
    decompress: (bytes, maxBytes) => {
      refuseMoreThan(maxBytes, zstdBound(bytes))
      return decoder.decodeSync(bytes)
    },
  }
}

/** Needs no package, where Node is new enough. */
export const nodeZstdCodec = (node: Partial<NodeZstd> = zlib as Partial<NodeZstd>): CompressionCodec | undefined => {
  const { zstdCompressSync, zstdDecompressSync } = node
  if (zstdCompressSync === undefined || zstdDecompressSync === undefined) return undefined
  return {
    compress: (bytes, level = DEFAULT_LEVEL) => zstdCompressSync(bytes, { params: { [COMPRESSION_LEVEL]: level } }),
    decompress: (bytes, maxBytes) => {
      refuseMoreThan(maxBytes, zstdBound(bytes))
      return withinLimit(maxBytes, (maxOutputLength) => zstdDecompressSync(bytes, { maxOutputLength }))
    },
  }
}

const DEFAULT_LEVEL = 3

/** `zlib.constants.ZSTD_c_compressionLevel` */
const COMPRESSION_LEVEL = 100
