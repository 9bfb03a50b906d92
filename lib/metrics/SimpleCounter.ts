import type { Counter } from './MetricGroup.js'

/** A counter in memory. */
export class SimpleCounter implements Counter {
  count = 0

  inc(by = 1): void {
    this.count += by
  }
}
