/** One record header. The value may be null; the key may occur more than once in a record. */
export interface Header {
  /** may come several times in one record */
  readonly key: string
  /** bytes, or null */
  readonly value: Uint8Array | null
}

/** Record headers in the order of the log. Duplicates and nulls are kept. */
export type Headers = readonly Header[]

/** Shared by all records without headers, so that they cost nothing. */
export const noHeaders: Headers = Object.freeze([])
