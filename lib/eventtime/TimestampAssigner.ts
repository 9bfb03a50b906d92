/**
 * The event time of a value in ms since the epoch.
 *
 * @param recordTimestamp the timestamp the record has already (a Kafka record's own); `-Infinity` when it has none
 */
export type TimestampAssigner<T> = (value: T, recordTimestamp: number) => number
