import { crc32 } from 'node:zlib'
import { ByteWriter } from '../../lib/protocol/ByteWriter.js'
import { codeOfCompression, compressionCodec } from '../../lib/protocol/compression.js'

export type LegacyCompression = 'none' | 'gzip' | 'snappy' | 'lz4'

export interface LegacyMessageFields {
  readonly magic: 0 | 1
  readonly offset: number
  /** format 1 only */
  readonly timestamp?: number
  readonly logAppendTime?: boolean
  readonly key?: string | null
  readonly value?: string | Buffer | null
  readonly compression?: LegacyCompression
}

/** A message of format 0 or 1, written as slowly and plainly as the grammar is: what `LegacyRecords` reads is held against it. */
export const legacyMessage = (fields: LegacyMessageFields): Buffer => {
  const {
    magic,
    offset,
    timestamp = -1,
    logAppendTime = false,
    key = null,
    value = null,
    compression = 'none',
  } = fields
  const body = new ByteWriter().writeInt8(magic).writeInt8(codeOfCompression(compression) | (logAppendTime ? 0x08 : 0))
  if (magic === 1) body.writeInt64(timestamp)
  for (const bytes of [key, value]) {
    if (bytes === null) body.writeInt32(-1)
    else body.writeBytes(Buffer.from(bytes))
  }
  const checked = body.toBuffer()
  const head = new ByteWriter()
    .writeInt64(offset)
    .writeInt32(4 + checked.length)
    .writeInt32(crc32(checked) | 0)
  return Buffer.concat([head.toBuffer(), checked])
}

/** Messages compressed into one, as a broker keeps them: by their own offsets in format 0, counted from 0 in format 1. */
export const legacyWrapper = (
  messages: readonly LegacyMessageFields[],
  compression: Exclude<LegacyCompression, 'none'>,
  more: Partial<LegacyMessageFields> = {},
): Buffer => {
  const [first, last] = [messages[0]!, messages.at(-1)!]
  const inner = messages.map((message) =>
    legacyMessage(message.magic === 0 ? message : { ...message, offset: message.offset - first.offset }),
  )
  const value = compressionCodec(compression).compress(Buffer.concat(inner))
  // Producers of format 0 counted the magic number into the checksum of the header: another byte than it should be.
  if (first.magic === 0 && compression === 'lz4') value[6]! ^= 0x5a
  const timestamp = Math.max(...messages.map((message) => message.timestamp ?? -1))
  return legacyMessage({ magic: first.magic, offset: last.offset, timestamp, value, compression, ...more })
}
