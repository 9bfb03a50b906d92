/** A value and its event time (ms since the epoch; `-Infinity` when it has none). */
export class StreamRecord<T> {
  readonly kind = 'record'

  constructor(
    readonly value: T,
    readonly timestamp: number,
  ) {}
}
