import type { MetricGroup } from './MetricGroup.js'
import { SampledStat } from './SampledStat.js'

/** How fetching goes, request by request, under the names of Kafka's own consumer. Times in ms, sizes in bytes. */
export class FetchMetrics {
  private readonly latencies: SampledStat
  private readonly sizes: SampledStat
  private readonly throttles: SampledStat

  constructor(group: MetricGroup, now: () => number) {
    const latencies = (this.latencies = new SampledStat(now))
    const sizes = (this.sizes = new SampledStat(now))
    const throttles = (this.throttles = new SampledStat(now))
    group.gauge('fetch-rate', () => latencies.frequency)
    group.gauge('fetch-total', () => latencies.count)
    group.gauge('fetch-latency-avg', () => latencies.average)
    group.gauge('fetch-latency-max', () => latencies.max)
    group.gauge('fetch-size-avg', () => sizes.average)
    group.gauge('fetch-size-max', () => sizes.max)
    group.gauge('fetch-throttle-time-avg', () => throttles.average)
    group.gauge('fetch-throttle-time-max', () => throttles.max)
  }

  /** @param latencyMs from the request to its answer, a long poll's wait included */
  onFetch(latencyMs: number, bytes: number, throttleMs: number): void {
    this.latencies.record(latencyMs)
    this.throttles.record(throttleMs)
    // As in Kafka: an answer without records is no fetch to take a size of.
    if (bytes > 0) this.sizes.record(bytes)
  }
}
