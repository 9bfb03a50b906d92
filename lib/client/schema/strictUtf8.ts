import { isUtf8 } from 'node:buffer'
import { utf8Slice } from './utf8Slice.js'

/**
 * The text between two positions of the buffer, without a byte order mark.
 *
 * @throws TypeError when the bytes are not UTF-8
 */
export const strictUtf8 = (buffer: Buffer, start: number, end: number, schema: string): string => {
  const text = utf8Slice(buffer, start, end)
  // It stands in a text that has it, and where bytes were none: nearly all texts are without, and not looked at again.
  if (text.includes(REPLACEMENT)) {
    const bytes = buffer.subarray(start, end)
    if (!isUtf8(bytes)) throw notUtf8(bytes, text, schema)
  }
  return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text
}

const REPLACEMENT = '\ufffd'
const BYTE_ORDER_MARK = 0xfeff

const notUtf8 = (bytes: Buffer, text: string, schema: string): TypeError => {
  const read = Buffer.from(text)
  const at = bytes.findIndex((byte, i) => byte !== read[i])
  const byte = bytes[at]?.toString(16).padStart(2, '0') ?? ''
  return new TypeError(`${schema} cannot read bytes that are not UTF-8: byte ${at} of ${bytes.length} is 0x${byte}.`)
}
