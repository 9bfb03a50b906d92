import { Counter as PromCounter, Gauge as PromGauge, register, type Registry } from 'prom-client'
import type { Counter, Gauge, MetricGroup } from './MetricGroup.js'
import { SERIES, type Series as RegisteredSeries } from './operatorMetrics.js'
import { SimpleCounter } from './SimpleCounter.js'

export interface PromClientOptions {
  /** Where metrics are registered; prom-client's default registry when left out. */
  readonly registry?: Registry | undefined
  /** What names begin with; `rx_kafka` by default. */
  readonly prefix?: string | undefined
  /** On all series of this group: the name of the job, the subtask. */
  readonly labels?: Readonly<Record<string, string>> | undefined
}

/**
 * Metrics for Prometheus, by `prom-client` (an optional peer): import it from `rx-kafka/prom-client`.
 *
 * Names are made as by Flink's own Prometheus reporter: groups joined by `_`, variables as labels. So the `numRecordsIn` of a source with
 * the uid `flights` is `rx_kafka_operator_numRecordsIn{operator="flights"}`, which has Flink's name with the prefix
 * `flink_taskmanager_job_task`. Values are read when they are scraped; until then counting costs an addition. Prometheus knows numbers
 * only, so gauges whose value is a text are left out.
 *
 * ```ts
 * const metrics = new PromClientMetricGroup({ labels: { job: 'flights', subtask: '0' } })
 * source.records({ metrics }).subscribe()
 * ```
 *
 * Made anew with the same labels, for the next attempt too, it goes on counting where it was.
 *
 * @throws Error when a name was registered before with other label names: Prometheus allows one set of them for each
 */
export class PromClientMetricGroup implements MetricGroup {
  private readonly registry: Registry
  private readonly prefix: string
  private readonly labels: Readonly<Record<string, string>>

  constructor({ registry = register, prefix = 'rx_kafka', labels = {} }: PromClientOptions = {}) {
    this.registry = registry
    this.prefix = prefix
    this.labels = Object.fromEntries(Object.entries(labels).map(([name, value]) => [allowed(name), value]))
  }

  get [SERIES](): RegisteredSeries {
    const labels = Object.entries(this.labels).sort(([one], [other]) => (one < other ? -1 : 1))
    return { root: this.registry, path: JSON.stringify([this.prefix, labels]) }
  }

  counter(name: string): Counter {
    return this.family('counter', name).counter(this.labels)
  }

  gauge(name: string, read: Gauge): void {
    this.family('gauge', name).gauge(this.labels, read)
  }

  addGroup(name: string, value?: string): MetricGroup {
    const { registry, labels } = this
    const variable = value === undefined ? {} : { [name]: value }
    return new PromClientMetricGroup({ registry, prefix: this.within(name), labels: { ...labels, ...variable } })
  }

  private within(name: string): string {
    return `${this.prefix}_${name}`
  }

  private family(kind: Family['kind'], name: string): Family {
    const path = this.within(name)
    const labelNames = Object.keys(this.labels).sort()
    const family = familyOf(this.registry, path) ?? new Family(this.registry, kind, path, labelNames)
    if (family.kind !== kind || family.labelNames.join() !== labelNames.join())
      throw new Error(
        `${path} was registered as ${family.toString()}, now as ${kind}{${labelNames.join()}}. Prometheus allows one kind and one set of ` +
          'labels for each name: give all groups on one registry labels of the same names, or prefixes of their own.',
      )
    return family
  }
}

interface Series {
  readonly labels: Readonly<Record<string, string>>
  readonly counter?: Counter
  readonly read: Gauge
}

/** All series of one name. They are kept here and handed to prom-client when it collects. */
class Family {
  private readonly series = new Map<string, Series>()

  constructor(
    registry: Registry,
    readonly kind: 'counter' | 'gauge',
    path: string,
    readonly labelNames: readonly string[],
  ) {
    const { series } = this
    const metric = { name: allowed(path), help: path, labelNames, registers: [registry] }
    const registered =
      kind === 'counter'
        ? new PromCounter({
            ...metric,
            collect() {
              this.reset()
              for (const { labels, read } of series.values()) this.inc(labels, Number(read()))
            },
          })
        : new PromGauge({
            ...metric,
            collect() {
              this.reset()
              for (const { labels, read } of series.values()) {
                const value = read()
                if (typeof value === 'number') this.set(labels, value)
              }
            },
          })
    Object.defineProperty(registered, FAMILY, { value: this })
  }

  counter(labels: Series['labels']): Counter {
    const key = JSON.stringify(labels)
    const counter = this.series.get(key)?.counter ?? new SimpleCounter()
    this.series.set(key, { labels, counter, read: () => counter.count })
    return counter
  }

  gauge(labels: Series['labels'], read: Gauge): void {
    this.series.set(JSON.stringify(labels), { labels, read })
  }

  toString(): string {
    return `${this.kind}{${this.labelNames.join()}}`
  }
}

/**
 * prom-client cannot be asked for the series of a metric, so its family hangs on the metric itself: there it is found by every copy of
 * this package (ESM and CommonJS are two), and it is gone when the registry is cleared.
 */
const FAMILY = Symbol.for('rx-kafka/metric family')

const familyOf = (registry: Registry, path: string): Family | undefined =>
  (registry.getSingleMetric(allowed(path)) as { readonly [FAMILY]?: Family } | undefined)?.[FAMILY]

const allowed = (name: string): string => name.replace(/[^a-zA-Z0-9_]/g, '_')
