import type { MetricGroup } from './MetricGroup.js'
import { SimpleCounter } from './SimpleCounter.js'

/** Keeps nothing: the default. Counters count all the same, since code reads them back. */
export const noMetrics: MetricGroup = {
  counter: () => new SimpleCounter(),
  gauge: () => undefined,
  addGroup: () => noMetrics,
}
