import type { Gauge, MetricGroup } from './MetricGroup.js'

/** A group whose gauges can be read again by whoever passes it on. */
export interface ReadableGroup extends MetricGroup {
  /** `NaN` when no number is registered under this name. */
  read(name: string): number
}

/** Passes all on to `group`, and keeps the gauges of the group itself, not of those within it. */
export const readBack = (group: MetricGroup): ReadableGroup => {
  const gauges = new Map<string, Gauge>()
  return {
    counter: (name) => group.counter(name),
    gauge: (name, read) => {
      gauges.set(name, read)
      group.gauge(name, read)
    },
    addGroup: (name, value) => group.addGroup(name, value),
    read: (name) => Number(gauges.get(name)?.() ?? NaN),
  }
}
