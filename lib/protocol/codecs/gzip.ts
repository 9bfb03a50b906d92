import { constants, gunzipSync, gzipSync } from 'node:zlib'
import { type CompressionCodec, withinLimit } from './CompressionCodec.js'

export const gzip: CompressionCodec = {
  compress: (bytes, level = constants.Z_DEFAULT_COMPRESSION) => gzipSync(bytes, { level }),
  decompress: (bytes, maxBytes) => withinLimit(maxBytes, (maxOutputLength) => gunzipSync(bytes, { maxOutputLength })),
}
