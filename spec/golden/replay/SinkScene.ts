import type { Observable, Subscription } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import type { CheckpointConfig } from '../../../lib/checkpoint/CheckpointConfig.js'
import { CheckpointCoordinator } from '../../../lib/checkpoint/CheckpointCoordinator.js'
import { MemoryCheckpointStore } from '../../../lib/checkpoint/store/MemoryCheckpointStore.js'
import { MemoryKafka } from '../../../lib/memory/MemoryKafka.js'

/**
 * An in-memory Kafka with the topic `out`, a store and a clock, which runs of a job share one after the other, as those of a recorded
 * case did.
 */
export class SinkScene {
  readonly store = new MemoryCheckpointStore()
  readonly errors: Error[] = []
  completions = 0

  constructor(
    readonly scheduler = new TestScheduler(() => undefined),
    readonly kafka = new MemoryKafka({ scheduler, topics: { out: 1 } }),
  ) {}

  coordinator(config: Partial<CheckpointConfig>): CheckpointCoordinator {
    return CheckpointCoordinator.create({ store: this.store, scheduler: this.scheduler, ...config })
  }

  /** Runs a job from now on; unsubscribe to stop it. */
  start(job$: Observable<unknown>): Subscription {
    return job$.subscribe({
      error: (error: unknown) => this.errors.push(error as Error),
      complete: () => this.completions++,
    })
  }

  at(ms: number, act: () => void): void {
    this.scheduler.schedule(act, ms)
  }

  /** Virtual time passes; no real time does. */
  play(script: () => void, forMs: number): void {
    this.scheduler.run(({ flush }) => {
      script()
      this.scheduler.schedule(() => undefined, forMs)
      this.scheduler.maxFrames = forMs
      flush()
    })
  }

  get committed(): readonly string[] {
    return this.kafka.records('out', 'read_committed').map(({ value }) => String(value))
  }
}

export const numbers = (count: number): readonly string[] => Array.from({ length: count }, (_, n) => String(n))
