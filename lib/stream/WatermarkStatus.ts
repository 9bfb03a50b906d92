/** `idle`: this input does not hold the watermark back for now. Not idle: it does again. */
export class WatermarkStatus {
  readonly kind = 'watermarkStatus'

  constructor(readonly idle: boolean) {}
}
