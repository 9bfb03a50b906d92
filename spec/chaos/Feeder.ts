import { concatMap, filter, firstValueFrom, interval, map, type Observable, type Subscription, take } from 'rxjs'
import type { KafkaClient } from '../../lib/client/KafkaClient.js'
import type { KafkaProducer } from '../../lib/client/KafkaProducer.js'
import { latestOffset } from '../../lib/client/OffsetSpec.js'
import { TopicPartition } from '../../lib/client/TopicPartition.js'
import { decodeProducerConfig } from '../../lib/config/producerConfig.js'

const TICK_MS = 20

/** Records that arrive all the time: `partition:sequence`, dealt round robin, `rate` a second. */
export class Feeder {
  private readonly producer: KafkaProducer
  private ticking: Subscription | undefined
  private next = 0

  constructor(
    private readonly client: KafkaClient,
    private readonly topic: string,
    private readonly partitions: number,
    bootstrapServers: string,
  ) {
    const decoded = decodeProducerConfig({ 'bootstrap.servers': bootstrapServers })
    if (decoded._tag === 'Left') throw new Error(JSON.stringify(decoded.left))
    this.producer = client.producer(decoded.right.producer)
  }

  /** In each partition. */
  get written(): readonly number[] {
    return Array.from({ length: this.partitions }, (_, p) => Math.ceil((this.next - p) / this.partitions))
  }

  start(rate: number): void {
    this.ticking = interval(TICK_MS).subscribe(() => this.write(Math.round((rate * TICK_MS) / 1000)))
  }

  write(count: number): void {
    for (let n = 0; n < count; n++, this.next++) {
      const partition = this.next % this.partitions
      const value = `${partition}:${Math.floor(this.next / this.partitions)}`
      this.producer.append({ topic: this.topic, partition, value })
    }
  }

  /** No more records. */
  halt(): void {
    this.ticking?.unsubscribe()
  }

  /** No more records; resolves when all are acknowledged. */
  async stop(): Promise<void> {
    this.halt()
    await firstValueFrom(this.producer.flush(), { defaultValue: undefined })
  }

  /** Resolves when the group has committed all that there is. */
  caughtUp(groupId: string): Promise<unknown> {
    const partitions = this.written.map((_, partition) => new TopicPartition(this.topic, partition))
    const lag$: Observable<number> = this.client.admin
      .listOffsets(
        partitions.map((tp) => [tp, latestOffset]),
        'read_uncommitted',
      )
      .pipe(
        concatMap((ends) =>
          this.client.admin
            .committedOffsets(groupId, partitions)
            .pipe(map((committed) => [...ends].reduce((lag, [key, end]) => lag + end - (committed.get(key) ?? 0), 0))),
        ),
      )
    return firstValueFrom(
      interval(100).pipe(
        concatMap(() => lag$),
        filter((lag) => lag === 0),
        take(1),
      ),
    )
  }
}
