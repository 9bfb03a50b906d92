import type { SchedulerLike } from 'rxjs'
import type { Offset } from '../../client/Offset.js'
import { type TopicPartition, topicPartitionKey } from '../../client/TopicPartition.js'
import type { SourceEventTime } from '../../eventtime/SourceEventTime.js'
import type { Counter, MetricGroup } from '../../metrics/MetricGroup.js'
import { noMetrics } from '../../metrics/noMetrics.js'
import { type MonotonicClock, monotonicClock } from '../../scheduling/monotonicClock.js'
import type { KafkaPartitionSplitState } from '../split/KafkaPartitionSplitState.js'
import { KafkaConsumerMetrics } from './KafkaConsumerMetrics.js'

type Watermarks = Pick<SourceEventTime<never>, 'watermark' | 'holder' | 'holdTime'>

/**
 * What a reader measures, under Flink's names; `docs/metrics.md` says what each means. It is told of fetches, batches and commits,
 * never of a record. What is not known yet is `NaN`.
 */
export class KafkaSourceReaderMetrics {
  /** `KafkaSourceReader.KafkaConsumer`, for what the client's connections measure too. */
  readonly consumerGroup: MetricGroup
  /** For durations. */
  readonly now: MonotonicClock
  /** For what is compared with event time. */
  readonly timeOfDay: () => number
  private readonly numRecordsIn: Counter
  private readonly numRecordsOut: Counter
  private readonly numRecordsInErrors: Counter
  private readonly numBytesIn: Counter
  private readonly commitsSucceeded: Counter
  private readonly commitsFailed: Counter
  private readonly consumer: KafkaConsumerMetrics
  private readonly reader: MetricGroup
  private readonly splits = new Map<string, KafkaPartitionSplitState>()
  private readonly committedOffsets = new Map<string, Offset>()
  private watermarks: Watermarks | undefined
  private eventTime = NaN
  private fetchEventTimeLag = NaN
  private activeAt: number

  constructor(
    private readonly group: MetricGroup,
    { registerConsumerMetrics, scheduler }: { registerConsumerMetrics: boolean; scheduler: SchedulerLike },
  ) {
    const now = (this.now = monotonicClock(scheduler))
    this.timeOfDay = () => scheduler.now()
    this.activeAt = now()
    this.numRecordsIn = group.counter('numRecordsIn')
    this.numRecordsOut = group.counter('numRecordsOut')
    this.numRecordsInErrors = group.counter('numRecordsInErrors')
    this.numBytesIn = group.counter('numBytesIn')
    group.gauge('pendingRecords', () => this.pendingRecords)
    group.gauge('unacknowledgedRecords', () => this.unacknowledgedRecords)
    group.gauge('unacknowledgedTime', () => this.unacknowledgedTime)
    group.gauge('currentEmitEventTimeLag', () => this.timeOfDay() - this.eventTime)
    group.gauge('currentFetchEventTimeLag', () => this.fetchEventTimeLag)
    group.gauge('sourceIdleTime', () => this.idleTime)
    this.reader = group.addGroup('KafkaSourceReader')
    this.commitsSucceeded = this.reader.counter('commitsSucceeded')
    this.commitsFailed = this.reader.counter('commitsFailed')
    this.consumerGroup = registerConsumerMetrics ? this.reader.addGroup('KafkaConsumer') : noMetrics
    this.consumer = new KafkaConsumerMetrics(this.consumerGroup, now, this.splits)
  }

  /** Where watermarks are to be seen; undefined when they are made downstream. */
  watch(watermarks: Watermarks | undefined): void {
    this.watermarks = watermarks
    const current = (): number => known(watermarks?.watermark ?? NaN)
    this.group.gauge('watermarkHolder', () => watermarks?.holder?.id ?? '')
    this.group.gauge('watermarkWithoutHolder', () => known(watermarks?.holder?.watermarkWithout ?? NaN))
    this.group.gauge('currentOutputWatermark', current)
    this.group.gauge('watermarkLag', () => this.timeOfDay() - current())
  }

  /** `topic.<t>.partition.<p>.currentOffset` and `.committedOffset`, -1 at first; `.watermarkHoldTime`. */
  addSplit(split: KafkaPartitionSplitState, output: { readonly watermark: number }): void {
    const { key, topicPartition } = split
    this.splits.set(key, split)
    const group = ofPartition(this.reader, topicPartition)
    group.gauge('currentOffset', () => split.currentOffset)
    group.gauge('committedOffset', () => this.committedOffsets.get(key) ?? -1)
    group.gauge('watermarkHoldTime', () => this.watermarkHoldTime(key))
    group.gauge('lastStableOffsetLag', () => split.lastStableOffsetLag)
    group.gauge('unacknowledgedRecords', () => split.position - split.acknowledgedPosition)
    ofPartition(this.consumerGroup, topicPartition).gauge('records-lag', () => split.pending)
    const watermark = this.group.addGroup('split', key).addGroup('watermark')
    watermark.gauge('currentWatermark', () => known(output.watermark))
  }

  dropSplit(partition: TopicPartition): void {
    this.splits.delete(topicPartitionKey(partition))
  }

  onFetched(bytes: number): void {
    this.numBytesIn.inc(bytes)
    this.consumer.onFetched(bytes)
  }

  /**
   * Records of one split have left, the last one with this event time.
   *
   * @param fetchedAt when the fetch arrived that they were in, by the time of day
   */
  onEmitted(read: number, emitted: number, eventTime: number, fetchedAt: number): void {
    this.numRecordsIn.inc(read)
    this.numRecordsOut.inc(emitted)
    this.consumer.onConsumed(read)
    this.activeAt = this.now()
    if (eventTime === -Infinity) return
    this.eventTime = eventTime
    this.fetchEventTimeLag = fetchedAt - eventTime
  }

  onDeserializationError(): void {
    this.numRecordsInErrors.inc()
  }

  /** Of those that were taken; a commit of nothing is none. */
  onCommitted(offsets: readonly (readonly [TopicPartition, Offset])[], latencyMs: number): void {
    if (offsets.length === 0) return
    this.commitsSucceeded.inc()
    this.consumer.onCommitted(latencyMs)
    for (const [partition, offset] of offsets) this.committedOffsets.set(topicPartitionKey(partition), offset)
  }

  onCommitFailed(): void {
    this.commitsFailed.inc()
  }

  /** For how long the watermark has waited for this split, in ms; 0 when it does not. */
  private watermarkHoldTime(key: string): number {
    const { watermarks } = this
    return watermarks?.holder?.id === key ? watermarks.holdTime : 0
  }

  /** What is known of; a partition that nothing came from yet does not count. */
  private get pendingRecords(): number {
    const known = [...this.splits.values()].map(({ pending }) => pending).filter((pending) => !Number.isNaN(pending))
    return known.length === 0 ? NaN : known.reduce((sum, pending) => sum + pending, 0)
  }

  /** Read, and not taken over by the pipeline yet: with `pendingRecords` it is all that lies behind. */
  private get unacknowledgedRecords(): number {
    let sum = 0
    for (const { position, acknowledgedPosition } of this.splits.values()) sum += position - acknowledgedPosition
    return sum
  }

  /** For how long the pipeline has taken over nothing of what a split sent it, in ms; of the split that waits longest. */
  private get unacknowledgedTime(): number {
    const now = this.now()
    let longest = 0
    for (const { standsSince } of this.splits.values())
      if (standsSince !== undefined) longest = Math.max(longest, now - standsSince)
    return longest
  }

  /** A pipeline that does not take what is there makes no source idle. */
  private get idleTime(): number {
    for (const { fetches } of this.splits.values()) if (fetches.length > 0) return 0
    return this.now() - this.activeAt
  }
}

const ofPartition = (group: MetricGroup, { topic, partition }: TopicPartition): MetricGroup =>
  group.addGroup('topic', topic).addGroup('partition', String(partition))

const known = (watermark: number): number => (Number.isFinite(watermark) ? watermark : NaN)
