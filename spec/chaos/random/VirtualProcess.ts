import { concatMap, defer, NEVER, retry, type SchedulerLike, Subscription, tap, throwError, timer } from 'rxjs'
import { CheckpointCoordinator } from '../../../lib/checkpoint/CheckpointCoordinator.js'
import type { CheckpointStorage } from '../../../lib/checkpoint/store/CheckpointStorage.js'
import type { ConnectKafka } from '../../../lib/client/KafkaClient.js'
import { KafkaError } from '../../../lib/client/KafkaError.js'
import type { CommitLostPolicy, UnknownTransactionPolicy } from '../../../lib/sink/KafkaSinkConfig.js'
import type { SinkEvent } from '../../../lib/sink/SinkEvent.js'
import type { MemoryKafka } from '../../../lib/memory/MemoryKafka.js'
import type { Disk } from './Disk.js'
import { isNotTakenOver } from './errorTexts.js'
import { jobOf } from './jobOf.js'
import { ProcessClock } from './ProcessClock.js'
import type { Script } from './Script.js'
import { watchedStore } from './watchedStore.js'

/** Which part of the job a process runs. */
export interface ProcessPart {
  readonly name: string
  readonly slot: number
  readonly parallelism: number
  readonly subtasks: readonly number[]
  /** how much longer the connections of its sinks take, in ms */
  readonly slow: number
  /** how much its wall clock is wrong, in ms */
  readonly skew: number
  readonly lostPolicy: CommitLostPolicy
  readonly unknownPolicy: UnknownTransactionPolicy
  /** the prefixes are this job's own, whatever another one has done with them */
  readonly takesOver: boolean
  /** ends the transactional id prefixes; another one than at first makes its default uids others too */
  readonly suffix: string
  /** begins the names of its topics */
  readonly topics: string
  readonly storage: CheckpointStorage
  /** its sinks are refused when they connect */
  readonly refused: boolean
}

/** What a process stands on, and whom it tells. */
export interface ProcessWorld {
  readonly script: Script
  readonly scheduler: SchedulerLike
  readonly kafka: MemoryKafka
  readonly disk: Disk
  acts(): void
  step(process: VirtualProcess, what: string): void
  storeFault(call: string): 'fail' | 'loseAnswer' | undefined
  storeDelay(call: string): number
  /** a key of the store is created */
  created(process: VirtualProcess, key: string, text: string): void
  /** an attempt begins, at this time */
  begun(): number
  emitted(process: VirtualProcess, event: SinkEvent): void
  /** an attempt has failed; the process may go on by itself */
  failed(process: VirtualProcess, error: unknown): void
  /** whether something goes wrong, which it does so many times in all */
  mishap(times: number): boolean
  /** a logger of it is given a warning */
  warned(process: VirtualProcess, message: string): void
  ended(process: VirtualProcess): void
}

/** A process of the job: a coordinator, its subtasks, a clock and connections of its own. */
export class VirtualProcess {
  readonly clock: ProcessClock
  readonly checkpoints: CheckpointCoordinator
  readonly life = new Subscription()
  end:
    | { readonly _tag: 'completed' | 'unsubscribed' | 'killed' }
    | { readonly _tag: 'failed'; readonly error: unknown }
    | undefined
  /** transactional ids that its attempt has initialised */
  readonly initialised = new Set<string>()
  /** its attempt has come to the store with a checkpoint */
  stores = false
  /** how many of its attempts another process has refused */
  notTakenOver = 0
  attemptAt = 0
  startedAt = 0
  private readonly clients = new Set<string>()

  constructor(
    readonly part: ProcessPart,
    private readonly world: ProcessWorld,
  ) {
    const { script, scheduler } = world
    const clock = new ProcessClock(scheduler, () => world.acts())
    clock.set(part.skew)
    this.clock = clock
    const step = (what: string) => world.step(this, what)
    this.checkpoints = CheckpointCoordinator.create({
      interval: script.interval,
      minPause: script.minPause,
      timeout: script.timeout,
      tolerableFailures: script.tolerableFailures,
      maxConcurrent: script.maxConcurrent,
      store: watchedStore(this.storage, {
        scheduler: clock,
        get dead() {
          return clock.dead
        },
        delay: (call) => script.storeMs + world.storeDelay(call),
        fault: (call) => world.storeFault(call),
        step,
      }),
      scheduler: clock,
      allowNonRestoredState: part.suffix !== '',
      logger: { warn: (message) => world.warned(this, message) },
    })
  }

  get name(): string {
    return this.part.name
  }

  get running(): boolean {
    return this.end === undefined
  }

  start(): void {
    const { world, clock, part } = this
    const { script } = world
    this.startedAt = world.scheduler.now()
    const job = jobOf(script, {
      checkpoints: this.checkpoints,
      connect: this.connect,
      connectSink: (config) =>
        timer(part.slow, clock).pipe(concatMap(() => (part.refused ? throwError(refused) : this.connect(config)))),
      scheduler: clock,
      parallelism: part.parallelism,
      subtasks: part.subtasks,
      lostPolicy: part.lostPolicy,
      unknownPolicy: part.unknownPolicy,
      suffix: part.suffix,
      takesOver: part.takesOver,
      topics: part.topics,
      warn: (message) => world.warned(this, message),
      mishap: (times) => world.mishap(times),
    })
    const job$ = defer(() => {
      this.attemptAt = world.begun()
      this.initialised.clear()
      this.stores = false
      return job
    }).pipe(
      retry({
        delay: (error: unknown) => {
          if (isNotTakenOver(error)) this.notTakenOver++
          world.failed(this, error)
          return script.retry !== null && isRetriable(error) ? timer(script.retry, clock) : throwError(() => error)
        },
      }),
    )
    this.life.add(
      job$.subscribe({
        next: (event) => world.emitted(this, event),
        error: (error: unknown) => this.endWith({ _tag: 'failed', error }),
        complete: () => this.endWith({ _tag: 'completed' }),
      }),
    )
  }

  /** SIGTERM, without a savepoint: what it has open it aborts. */
  unsubscribe(): void {
    this.endWith({ _tag: 'unsubscribed' })
    this.life.unsubscribe()
  }

  /** `kill -9`: nothing that it still does reaches the broker or the store. */
  kill(): void {
    this.clock.kill()
    for (const clientId of this.clients) this.world.kafka.cut(clientId)
    this.endWith({ _tag: 'killed' })
  }

  private get storage(): CheckpointStorage {
    const { storage } = this.part
    const create: CheckpointStorage['create'] = (key, text) =>
      storage.create(key, text).pipe(
        tap((created) => {
          if (created) this.world.created(this, key, text)
        }),
      )
    return { ...storage, create }
  }

  private endWith(end: NonNullable<VirtualProcess['end']>): void {
    if (this.end !== undefined) return
    this.end = end
    this.world.ended(this)
  }

  private readonly connect: ConnectKafka = (config) => {
    const { clock, part, world } = this
    if (clock.dead) return NEVER
    const clientId = `${part.name}/${config.clientId}`
    this.clients.add(clientId)
    return world.kafka.connect({ ...config, clientId, scheduler: clock })
  }
}

const refused = (): KafkaError =>
  new KafkaError({
    _tag: 'Authentication',
    message: 'SASL_AUTHENTICATION_FAILED (58): the password is wrong.',
    code: 58,
  })

const isRetriable = (error: unknown): boolean =>
  !(typeof error === 'object' && error !== null && 'retriable' in error && error.retriable === false)
