import { Subscription } from 'rxjs'
import type { SchedulerLike } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import type { RunHelpers } from 'rxjs/testing'
import type { CheckpointConfig } from '../checkpoint/CheckpointConfig.js'
import { CheckpointCoordinator } from '../checkpoint/CheckpointCoordinator.js'
import { MemoryCheckpointStore } from '../checkpoint/store/MemoryCheckpointStore.js'
import type { ConnectKafka } from '../client/KafkaClient.js'
import type { ProducerRecord } from '../client/ProducerRecord.js'
import { MemoryKafka } from '../memory/MemoryKafka.js'
import type { MemoryKafkaOptions } from '../memory/MemoryKafka.js'
import { CrashableStore } from './CrashableStore.js'

/** The Kafka of a run, and when the run ends. */
export interface SceneOptions extends Omit<MemoryKafkaOptions, 'scheduler'> {
  /** The last frame: ms of virtual time. Without one a job that takes checkpoints would run for ever. Default 60,000. */
  readonly until?: number | undefined
}

/** What a letter writes: a value or a record. Its timestamp is the time of writing unless given. */
export type Produced = string | Omit<ProducerRecord, 'topic'>

/** What a pipeline under test is made of. */
export interface SceneHelpers {
  /** The Kafka of this run: prepare it, read it, make it fail. */
  readonly kafka: MemoryKafka
  /** Virtual time. Frames are ms. */
  readonly scheduler: TestScheduler
  /** For `source.elements({ ...options })` and `sinkTo(sink, options)`: the Kafka of this run, in its time. */
  readonly options: { readonly connect: ConnectKafka; readonly scheduler: SchedulerLike }
  /** A coordinator whose checkpoints survive the crashes of this run. Settings as of `CheckpointCoordinator.create`. */
  readonly coordinator: (config?: Partial<CheckpointConfig>) => CheckpointCoordinator
  /**
   * Writes to a topic as the picture says, from now on. A letter is a record with itself as value, or what the table has for it;
   * without key and partition it goes to partition 0.
   */
  readonly produce: (topic: string, marbles: string, table?: Readonly<Record<string, Produced>>) => void
}

/** Whoever takes what RxJS's own expectations have seen. */
export interface RxJsExpectations {
  add(received: readonly never[], expected: readonly never[]): void
}

/** A clock, a Kafka in memory and a store of checkpoints: all that a virtual process stands on, and all that outlives it. */
export class KafkaScene {
  readonly scheduler: TestScheduler
  readonly kafka: MemoryKafka
  readonly store = new CrashableStore(new MemoryCheckpointStore())
  private readonly until: number
  private readonly running = new Subscription()
  private expectations: RxJsExpectations = { add: () => undefined }

  constructor({ until = 60_000, ...kafka }: SceneOptions) {
    this.until = until
    this.scheduler = new TestScheduler((received: readonly never[], expected: readonly never[]) =>
      this.expectations.add(received, expected),
    )
    this.kafka = new MemoryKafka({ ...kafka, scheduler: this.scheduler })
  }

  /** Plays to the end, then unsubscribes from what still runs. */
  play(script: (helpers: RunHelpers & SceneHelpers) => void, expectations = this.expectations): void {
    this.expectations = expectations
    this.scheduler.run((helpers) => {
      this.scheduler.maxFrames = this.until
      try {
        script({ ...helpers, ...this.helpers(helpers) })
        helpers.flush()
      } finally {
        this.running.unsubscribe()
      }
    })
  }

  /** A picture that goes on after the end would never be true, and not for a reason that its differences show. */
  requireWithin(title: string, frame: number): void {
    if (frame <= this.until) return
    throw new Error(
      `${title}: the picture ends at ${frame} ms, the run at ${this.until} ms. Give the run { until: ${frame} }.`,
    )
  }

  untilTheEnd(subscription: Subscription): Subscription {
    this.running.add(subscription)
    return subscription
  }

  /** The process is gone: nothing that it still does reaches the broker or the store. */
  cut(): void {
    this.kafka.cut()
    this.store.cut()
  }

  /**
   * Cuts a process off and takes it apart: what its teardown does on connections of its own must not get through either. Not within
   * something that the process itself is doing: a dying one does not unsubscribe in the middle of a call.
   */
  kill(life: Subscription): void {
    this.cut()
    life.unsubscribe()
    this.cut()
  }

  private helpers({ cold }: RunHelpers): SceneHelpers {
    const { scheduler, kafka, store } = this
    return {
      kafka,
      scheduler,
      options: { connect: kafka.connect, scheduler },
      coordinator: (config) => CheckpointCoordinator.create({ scheduler, store, ...config }),
      produce: (topic, marbles, table = {}) => {
        const writing = cold(marbles).subscribe((letter) => {
          const record = table[letter] ?? letter
          kafka.produce(topic, [typeof record === 'string' ? { value: record } : record])
        })
        this.untilTheEnd(writing)
      },
    }
  }
}
