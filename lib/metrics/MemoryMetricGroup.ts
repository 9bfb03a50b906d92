import type { Counter, Gauge, MetricGroup } from './MetricGroup.js'
import { SERIES, type Series } from './operatorMetrics.js'
import { SimpleCounter } from './SimpleCounter.js'

/**
 * Metrics in memory, read back by their full name.
 *
 * @example
 * ```ts
 * const metrics = new MemoryMetricGroup()
 * metrics.addGroup('operator', 'lookup').counter('misses').inc(3)
 * metrics.read('operator.lookup.misses') // 3
 * ```
 */
export class MemoryMetricGroup implements MetricGroup {
  private readonly counters = new Map<string, Counter>()
  private readonly gauges = new Map<string, Gauge>()

  /** The current value of a counter or a gauge; undefined when there is none of this name. */
  read(name: string): number | string | undefined {
    return this.counters.get(name)?.count ?? this.gauges.get(name)?.()
  }

  /** All names, sorted. */
  names(): readonly string[] {
    return [...this.counters.keys(), ...this.gauges.keys()].sort()
  }

  counter(name: string): Counter {
    const counter = this.counters.get(name) ?? new SimpleCounter()
    this.counters.set(name, counter)
    return counter
  }

  gauge(name: string, read: Gauge): void {
    this.gauges.set(name, read)
  }

  addGroup(name: string, value?: string): MetricGroup {
    return new NestedGroup(this, value === undefined ? name : `${name}.${value}`)
  }
}

/** Registers with the root under a longer name. */
class NestedGroup implements MetricGroup {
  constructor(
    private readonly root: MemoryMetricGroup,
    private readonly prefix: string,
  ) {}

  get [SERIES](): Series {
    return { root: this.root, path: this.prefix }
  }

  counter(name: string): Counter {
    return this.root.counter(`${this.prefix}.${name}`)
  }

  gauge(name: string, read: Gauge): void {
    this.root.gauge(`${this.prefix}.${name}`, read)
  }

  addGroup(name: string, value?: string): MetricGroup {
    return new NestedGroup(this.root, [this.prefix, name, ...(value === undefined ? [] : [value])].join('.'))
  }
}
