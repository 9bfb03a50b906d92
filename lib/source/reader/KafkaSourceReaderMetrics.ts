import type { Offset } from '../../client/Offset.js'
import type { Counter, MetricGroup } from '../../metrics/MetricGroup.js'
import type { KafkaPartitionSplitState } from '../split/KafkaPartitionSplitState.js'

/** What a reader measures, under Flink's names. */
export class KafkaSourceReaderMetrics {
  readonly numRecordsIn: Counter
  readonly numRecordsInErrors: Counter
  readonly numBytesIn: Counter
  readonly commitsSucceeded: Counter
  readonly commitsFailed: Counter
  readonly committedOffsets = new Map<string, Offset>()
  private readonly reader: MetricGroup

  constructor(group: MetricGroup) {
    this.numRecordsIn = group.counter('numRecordsIn')
    this.numRecordsInErrors = group.counter('numRecordsInErrors')
    this.numBytesIn = group.counter('numBytesIn')
    this.reader = group.addGroup('KafkaSourceReader')
    this.commitsSucceeded = this.reader.counter('commitsSucceeded')
    this.commitsFailed = this.reader.counter('commitsFailed')
  }

  /** `topic.<t>.partition.<p>.currentOffset` and `.committedOffset`, -1 at first. */
  addSplit(split: KafkaPartitionSplitState): void {
    const { topic, partition } = split.topicPartition
    const group = this.reader.addGroup('topic', topic).addGroup('partition', String(partition))
    group.gauge('currentOffset', () => split.currentOffset)
    group.gauge('committedOffset', () => this.committedOffsets.get(split.key) ?? -1)
  }
}
