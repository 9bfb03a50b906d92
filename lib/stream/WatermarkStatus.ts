/** `idle`: this input does not hold the watermark back for now. Not idle: it does again. */
export class WatermarkStatus {
  /** Tells it from other elements. */
  readonly kind = 'watermarkStatus'

  constructor(
    /** true: do not wait for its watermark; false: wait for it again */
    readonly idle: boolean,
  ) {}
}
