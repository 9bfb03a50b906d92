import type { SchedulerLike } from 'rxjs'
import type { MemoryKafka } from '../../../lib/memory/MemoryKafka.js'
import { inputValue } from './Item.js'
import { GROUP } from './jobOf.js'
import type { InputRecord } from './Script.js'

/** How long the producer waits for a leader before it tries again, in ms. */
const BACKOFF = 20

/** Writes the records of a script, each at its time, and knows how far the job has read them. */
export class InputTopics {
  private written = 0
  private readonly records: readonly InputRecord[]

  constructor(
    records: readonly InputRecord[],
    private readonly kafka: MemoryKafka,
    private readonly scheduler: SchedulerLike,
  ) {
    this.records = [...records].sort((a, b) => a.at - b.at)
  }

  /** Whether all has been written. */
  get complete(): boolean {
    return this.written === this.records.length
  }

  /** Whether the group has read all that there is. */
  get consumed(): boolean {
    const committed = this.kafka.committedOffsets(GROUP)
    const topics = new Set(this.records.map(({ source }) => `in${source}`))
    return [...topics].every((topic) =>
      this.kafka.endOffsets(topic).every((end, p) => end === 0 || (committed.get(`${topic}-${p}`) ?? 0) >= end),
    )
  }

  begin(): void {
    for (const at of new Set(this.records.map((record) => record.at))) this.scheduler.schedule(() => this.write(), at)
  }

  /** As an idempotent producer does: in order, and again while a partition has no leader. */
  private write(): void {
    for (let record = this.next; record !== undefined; record = this.next) {
      const { source, partition, time } = record
      const topic = `in${source}`
      if (partition >= this.kafka.endOffsets(topic).length) this.kafka.createPartitions(topic, partition + 1)
      try {
        this.kafka.produce(topic, [{ partition, value: inputValue(record), timestamp: time }])
      } catch {
        this.scheduler.schedule(() => this.write(), BACKOFF)
        return
      }
      this.written++
    }
  }

  /** What is due and not written. */
  private get next(): InputRecord | undefined {
    const record = this.records[this.written]
    return record !== undefined && record.at <= this.scheduler.now() ? record : undefined
  }
}
