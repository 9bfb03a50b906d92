/** What `buffer.toString('utf8', start, end)` calls in the end; without its checks, a quarter quicker for short texts. */
interface Utf8Sliceable {
  utf8Slice(start: number, end: number): string
}

/** The text between two positions that lie within the buffer. Bytes that are not UTF-8 become U+FFFD. */
export const utf8Slice = (buffer: Buffer, start: number, end: number): string =>
  (buffer as unknown as Utf8Sliceable).utf8Slice(start, end)
