/** Compresses and inflates the records of one batch. Synchronous: a batch is small, and a thread's round trip costs more. */
export interface CompressionCodec {
  /** @param level as Kafka's `compression.<codec>.level` (KIP-390); the codec's default without */
  compress(bytes: Buffer, level?: number): Buffer
  /** @throws when the bytes are damaged, or would become more than `maxBytes`: before they do, whatever they say of themselves */
  decompress(bytes: Buffer, maxBytes: number): Buffer
}

/**
 * Holds what compressed bytes may become against the limit.
 *
 * @param size an upper bound, counted from the bytes that are there
 */
export const refuseMoreThan = (maxBytes: number, size: number): void => {
  if (size > maxBytes) throw new RangeError(`may become ${size} bytes, more than the limit of ${maxBytes}`)
}
