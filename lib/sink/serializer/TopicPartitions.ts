import { type Observable, type SchedulerLike, map } from 'rxjs'
import { checkTopicName } from '../../client/checkProducerRecord.js'
import type { KafkaProducer } from '../../client/KafkaProducer.js'
import { type MonotonicClock, monotonicClock } from '../../scheduling/monotonicClock.js'
import type { KafkaSinkContext } from './KafkaSinkContext.js'

/** Thrown to the sink by {@link TopicPartitions.partitionsForTopic}: serialize again when `fetch` has answered. */
export class PartitionsUnknown extends Error {
  constructor(readonly topic: string) {
    super(
      `The partitions of topic ${topic} are not known yet. The sink asks for them; a serializer must not catch this.`,
    )
  }
}

/** The partitions of the topics that a partitioner has asked for, asked of the cluster once and again every `maxAgeMs`. */
export class TopicPartitions implements KafkaSinkContext {
  private readonly known = new Map<string, { partitions: readonly number[]; freshUntil: number }>()
  private readonly now: MonotonicClock

  constructor(
    readonly parallelInstanceId: number,
    readonly numberOfParallelInstances: number,
    private readonly producer: Pick<KafkaProducer, 'partitionsFor'>,
    private readonly maxAgeMs: number,
    scheduler: SchedulerLike,
  ) {
    this.now = monotonicClock(scheduler)
  }

  partitionsForTopic(topic: string): readonly number[] {
    const entry = this.known.get(topic)
    if (entry === undefined) {
      checkTopicName(topic)
      throw new PartitionsUnknown(topic)
    }
    if (this.now() > entry.freshUntil) {
      entry.freshUntil = Infinity
      // A failed refresh is no reason to stop: what was known still serves, and is asked again after another age.
      this.fetch(topic).subscribe({ error: () => this.remember(topic, entry.partitions) })
    }
    return entry.partitions
  }

  /** As for a record to it: waits up to `max.block.ms` for a topic that is not there. Acts once per subscription. */
  fetch(topic: string): Observable<void> {
    return this.producer.partitionsFor(topic).pipe(map((partitions) => this.remember(topic, partitions)))
  }

  private remember(topic: string, partitions: readonly number[]): void {
    this.known.set(topic, { partitions, freshUntil: this.now() + this.maxAgeMs })
  }
}
