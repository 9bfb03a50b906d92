/**
 * The bytes of one partition, copied out of the fetch when they are a small part of it. A partition that nobody reads on holds
 * what it was fetched; without this it held what a thousand others got by the same fetch.
 */
export const apart = (records: Buffer): Buffer =>
  records.length * LARGE_PART < records.buffer.byteLength ? Buffer.from(records) : records

/** From an eighth on it is not worth the copy. */
const LARGE_PART = 8
