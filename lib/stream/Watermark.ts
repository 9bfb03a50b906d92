/** No more records with a timestamp at or before this one (ms since the epoch) will come. */
export class Watermark {
  readonly kind = 'watermark'

  constructor(readonly timestamp: number) {}
}

/** Before any watermark. Flink's `Long.MIN_VALUE`. */
export const MIN_WATERMARK = -Infinity

/** The end of event time: nothing follows. Flink's `Long.MAX_VALUE`. */
export const MAX_WATERMARK = Infinity
