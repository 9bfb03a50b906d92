import type { MetricGroup } from '../../metrics/MetricGroup.js'
import { SampledStat } from '../../metrics/SampledStat.js'
import type { KafkaPartitionSplitState } from '../split/KafkaPartitionSplitState.js'

/**
 * What Kafka's own consumer measures of consuming, under its names (`consumer-fetch-manager-metrics`,
 * `consumer-coordinator-metrics`). What it measures of connections and fetch requests the client adds to the same group.
 */
export class KafkaConsumerMetrics {
  private readonly bytes: SampledStat
  private readonly records: SampledStat
  private readonly commits: SampledStat

  constructor(group: MetricGroup, now: () => number, splits: ReadonlyMap<string, KafkaPartitionSplitState>) {
    const bytes = (this.bytes = new SampledStat(now))
    const records = (this.records = new SampledStat(now))
    const commits = (this.commits = new SampledStat(now))
    const fetched = (): readonly KafkaPartitionSplitState[] =>
      [...splits.values()].filter(({ logEnd }) => logEnd !== undefined)
    group.gauge('assigned-partitions', () => splits.size)
    group.gauge('bytes-consumed-rate', () => bytes.rate)
    group.gauge('bytes-consumed-total', () => bytes.total)
    group.gauge('records-consumed-rate', () => records.rate)
    group.gauge('records-consumed-total', () => records.total)
    group.gauge('records-lag-max', () => extreme(Math.max, fetched(), ({ pending }) => pending))
    group.gauge('records-lead-min', () => extreme(Math.min, fetched(), ({ lead }) => lead))
    group.gauge('commit-rate', () => commits.frequency)
    group.gauge('commit-total', () => commits.count)
    group.gauge('commit-latency-avg', () => commits.average)
    group.gauge('commit-latency-max', () => commits.max)
  }

  onFetched(bytes: number): void {
    this.bytes.record(bytes)
  }

  onConsumed(records: number): void {
    this.records.record(records)
  }

  onCommitted(latencyMs: number): void {
    this.commits.record(latencyMs)
  }
}

const extreme = (
  of: (...values: number[]) => number,
  splits: readonly KafkaPartitionSplitState[],
  value: (split: KafkaPartitionSplitState) => number,
): number => (splits.length === 0 ? NaN : of(...splits.map(value)))
