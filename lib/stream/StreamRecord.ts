/**
 * A value and its event time (ms since the epoch; `-Infinity` when it has none).
 *
 * @example
 * ```ts
 * // Emits each value twice, at the same event time.
 * const twice = elementOperator<string>((destination) => ({
 *   record: ({ value, timestamp }) => {
 *     destination.next(new StreamRecord(value, timestamp))
 *     destination.next(new StreamRecord(`${value} again`, timestamp))
 *   },
 * }))
 * of(new StreamRecord('AMS', 100)).pipe(twice, recordsOnly()).subscribe(console.log) // 'AMS', 'AMS again'
 * ```
 */
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
