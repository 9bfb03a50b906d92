/**
 * `idle`: this input does not hold the watermark back for now. Not idle: it does again.
 *
 * @example
 * ```ts
 * // Tells when a stream is idle.
 * const idleness = elementOperator<string>((destination) => ({
 *   watermarkStatus: (status) => {
 *     console.log(status.idle)
 *     destination.next(status)
 *   },
 * }))
 * of(new WatermarkStatus(true), new WatermarkStatus(false)).pipe(idleness).subscribe() // true, false
 * ```
 */
export class WatermarkStatus {
  /** Tells it from other elements. */
  readonly kind = 'watermarkStatus'

  constructor(
    /** true: do not wait for its watermark; false: wait for it again */
    readonly idle: boolean,
  ) {}
}
