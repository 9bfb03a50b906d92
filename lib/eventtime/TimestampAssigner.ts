/**
 * The event time of a value in ms since the epoch, before 1970 too; parts of a ms are cut off. What is no number, `NaN` (a date
 * that did not parse) or beyond 2^53 ends the stream with a `StreamError` `InvalidTimestamp` that says at which record.
 *
 * @param recordTimestamp the timestamp the record has already (a Kafka record's own); `-Infinity` when it has none
 */
export type TimestampAssigner<T> = (value: T, recordTimestamp: number) => number
