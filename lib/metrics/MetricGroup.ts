/** Counts up. */
export interface Counter {
  /** Adds `by`; default 1. */
  inc(by?: number): void
  /** The sum so far, from 0 on. */
  readonly count: number
}

/** Reads a value when it is asked for. */
export type Gauge = () => number | string

/**
 * Where metrics are registered: a port. Names are Flink's; groups nest, and a group with a key and a value is a user variable
 * (`operator`, `topic`, `partition`) as well as two levels of the name.
 */
export interface MetricGroup {
  /** The counter of this name, made when it is not there. */
  counter(name: string): Counter
  /** Registers, or replaces. */
  gauge(name: string, read: Gauge): void
  /** A group within; with a value, one for that value of a variable. */
  addGroup(name: string, value?: string): MetricGroup
}
