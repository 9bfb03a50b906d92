/** A value and its event time (ms since the epoch; `-Infinity` when it has none). */
export class StreamRecord<T> {
  /** Tells it from other elements. */
  readonly kind = 'record'

  constructor(
    /** what the deserializer or the operator before has made */
    readonly value: T,
    /** its event time: ms since the epoch, `-Infinity` without one */
    readonly timestamp: number,
  ) {}
}
