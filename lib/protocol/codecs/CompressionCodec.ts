import { memberOf } from '../../checks/memberOf.js'

/** Compresses and inflates the records of one batch. Synchronous: a batch is small, and a thread's round trip costs more. */
export interface CompressionCodec {
  /** @param level as Kafka's `compression.<codec>.level` (KIP-390); the codec's default without */
  compress(bytes: Buffer, level?: number): Buffer
  /**
   * @throws InflatesBeyond when the bytes would become more than `maxBytes`: before they do, whatever they say of themselves
   * @throws Error when they are damaged
   */
  decompress(bytes: Buffer, maxBytes: number): Buffer
}

/** Compressed bytes may become more than they are allowed to. Not damage: with more room they can be read. */
export class InflatesBeyond extends RangeError {
  override readonly name = 'InflatesBeyond'

  /** @param size what they may become, if that is known: an upper bound, counted from the bytes that are there */
  constructor(
    readonly maxBytes: number,
    readonly size?: number,
  ) {
    super(`may become ${size ?? 'more'} bytes, more than the limit of ${maxBytes}`)
  }
}

/**
 * Holds what compressed bytes may become against the limit.
 *
 * @param size an upper bound, counted from the bytes that are there
 */
export const refuseMoreThan = (maxBytes: number, size: number): void => {
  if (size > maxBytes) throw new InflatesBeyond(maxBytes, size)
}

/** Inflates by one of Node's own functions, which know of a limit themselves. */
export const withinLimit = (maxBytes: number, inflate: (maxOutputLength: number) => Buffer): Buffer => {
  try {
    return inflate(maxBytes)
  } catch (error) {
    if (memberOf(error, 'code') === 'ERR_BUFFER_TOO_LARGE') throw new InflatesBeyond(maxBytes)
    throw error
  }
}
