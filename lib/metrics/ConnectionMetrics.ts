import type { MetricGroup } from './MetricGroup.js'
import { SampledStat } from './SampledStat.js'

/** What the connections of a client do, under the names of Kafka's own clients. Sizes in bytes, rates per second. */
export class ConnectionMetrics {
  private readonly requests: SampledStat
  private readonly responses: SampledStat
  private readonly opened: SampledStat
  private readonly closed: SampledStat

  constructor(group: MetricGroup, now: () => number) {
    const requests = (this.requests = new SampledStat(now))
    const responses = (this.responses = new SampledStat(now))
    const opened = (this.opened = new SampledStat(now))
    const closed = (this.closed = new SampledStat(now))
    group.gauge('connection-count', () => opened.count - closed.count)
    group.gauge('connection-creation-rate', () => opened.frequency)
    group.gauge('connection-creation-total', () => opened.count)
    group.gauge('connection-close-rate', () => closed.frequency)
    group.gauge('connection-close-total', () => closed.count)
    group.gauge('request-rate', () => requests.frequency)
    group.gauge('request-total', () => requests.count)
    group.gauge('request-size-avg', () => requests.average)
    group.gauge('request-size-max', () => requests.max)
    group.gauge('outgoing-byte-rate', () => requests.rate)
    group.gauge('outgoing-byte-total', () => requests.total)
    group.gauge('response-rate', () => responses.frequency)
    group.gauge('response-total', () => responses.count)
    group.gauge('incoming-byte-rate', () => responses.rate)
    group.gauge('incoming-byte-total', () => responses.total)
    group.gauge('network-io-rate', () => requests.frequency + responses.frequency)
    group.gauge('network-io-total', () => requests.count + responses.count)
  }

  onOpened(): void {
    this.opened.record(1)
  }

  onClosed(): void {
    this.closed.record(1)
  }

  onRequest(bytes: number): void {
    this.requests.record(bytes)
  }

  onResponse(bytes: number): void {
    this.responses.record(bytes)
  }
}
