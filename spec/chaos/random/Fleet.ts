import type { SchedulerLike } from 'rxjs'
import type { CommitLostPolicy, UnknownTransactionPolicy } from '../../../lib/sink/KafkaSinkConfig.js'
import type { Script, StopWay } from './Script.js'
import { type ProcessPart, type ProcessWorld, VirtualProcess } from './VirtualProcess.js'

/** How many subtasks there are, how many processes share them, and what ends the transactional id prefixes. */
export interface Deployment {
  readonly parallelism: number
  readonly processes: number
  readonly suffix: string
}

/** How long a process that was asked to stop is waited for before it is killed, in ms. */
const STOP_PATIENCE = 6_000

/** A slot whose process ends again and again waits twice as long each time, at most so long; until one has lived `CALM`. In ms. */
const MOST_BACKOFF = 5_000
const CALM = 10_000

/** How often a slow start must have been refused before an operator ends the process that refuses it. */
const KEPT_OUT = 2

/**
 * The processes of the job, and what an orchestrator does for them: one runs in each slot; one that ends with an error is started
 * again. A second one may be started beside it: from then on the slot is its own, and the former one is left to itself.
 */
export class Fleet {
  lostPolicy: CommitLostPolicy = 'fail'
  unknownPolicy: UnknownTransactionPolicy = 'fail'
  takesOver = false
  /** whether the parallelism was another one before */
  rescaled = false
  readonly all: VirtualProcess[] = []
  private current: VirtualProcess[] = []
  private phase: 'up' | 'stopping' | 'down' = 'down'
  private readonly restarting = new Set<number>()
  private readonly backoffs = new Map<number, number>()
  private readonly skews = new Map<number, number>()
  /** subtasks that have a checkpoint with this parallelism */
  private readonly checkpointed = new Set<number>()
  private down = 0
  private deployment: Deployment

  constructor(
    private readonly script: Script,
    private readonly scheduler: SchedulerLike,
    private readonly world: ProcessWorld & {
      readonly setBackAt: number | undefined
      say(what: string): void
      answered(process: VirtualProcess): void
    },
  ) {
    this.deployment = { parallelism: script.parallelism, processes: script.processes, suffix: '' }
  }

  /** Whether a process is down as the script has it. */
  get someDown(): boolean {
    return this.down > 0
  }

  get up(): boolean {
    return this.phase === 'up'
  }

  get suffix(): string {
    return this.deployment.suffix
  }

  /** The process of each slot. */
  get processes(): readonly VirtualProcess[] {
    return this.current
  }

  of(slot: number): VirtualProcess | undefined {
    return this.current[slot % this.deployment.processes]
  }

  startAll(): void {
    this.phase = 'up'
    this.current = []
    this.restarting.clear()
    for (let slot = 0; slot < this.deployment.processes; slot++) this.start(slot)
  }

  /** Starts a process in a slot, which is its own from now on. */
  start(slot: number, slow = 0): void {
    const own = slot % this.deployment.processes
    this.current[own] = this.startBeside(own, { slow })
  }

  /** Starts a process that no orchestrator looks after. */
  startBeside(slot: number, special: Partial<ProcessPart>): VirtualProcess {
    const { parallelism, processes, suffix } = this.deployment
    const own = slot % processes
    const process = new VirtualProcess(
      {
        ...{ name: `p${this.all.length}`, slot: own, parallelism, suffix, topics: '', slow: 0, refused: false },
        subtasks: Array.from({ length: parallelism }, (_, n) => n).filter((n) => n % processes === own),
        skew: this.skews.get(own) ?? 0,
        lostPolicy: this.lostPolicy,
        unknownPolicy: this.unknownPolicy,
        takesOver: this.takesOver,
        storage: this.world.disk.storage,
        ...special,
      },
      this.world,
    )
    this.all.push(process)
    this.world.say(`${process.name} starts${describe(process.part)}`)
    process.start()
    return process
  }

  /** Starts what should run and does not. */
  heal(): void {
    if (!this.up) return
    for (const process of this.current)
      if (!process.running && process.end?._tag !== 'completed' && !this.restarting.has(process.part.slot))
        this.start(process.part.slot)
    // What an operator does about processes left to themselves, as the errors of the new ones advise: those of a former parallelism,
    // and those that do not wait for one that starts slowly.
    const keptOut = this.current.some(({ part, notTakenOver }) => part.slow > 0 && notTakenOver >= KEPT_OUT)
    for (const process of this.all)
      if (
        process.running &&
        (keptOut || process.part.parallelism !== this.deployment.parallelism) &&
        !this.current.includes(process)
      )
        process.kill()
  }

  /** All of it, for good. */
  end(): void {
    this.phase = 'down'
    for (const process of this.all) process.kill()
  }

  setClock(slot: number, ms: number): void {
    const own = slot % this.deployment.processes
    this.skews.set(own, (this.skews.get(own) ?? 0) + ms)
    this.of(slot)?.clock.set(ms)
  }

  /** The orchestrator hears of an end. */
  ended(process: VirtualProcess): void {
    const { slot } = process.part
    if (process.end?._tag !== 'failed') return
    // As the error advises, to whom knows that the checkpoints were deleted or put back.
    if (this.world.setBackAt !== undefined && /transactional id prefix/.test(String(process.end.error)))
      this.takesOver = true
    if (!this.up || this.current[slot] !== process) return
    const lived = this.scheduler.now() - process.startedAt
    const backoff = lived > CALM ? this.script.restart : (this.backoffs.get(slot) ?? this.script.restart)
    this.backoffs.set(slot, Math.min(2 * backoff, MOST_BACKOFF))
    this.restartLater(slot, backoff)
  }

  kill(process: VirtualProcess, down: number): void {
    const { slot } = process.part
    process.kill()
    if (!this.up || this.current[slot] !== process) return
    this.down++
    this.restartLater(slot, down)
    this.scheduler.schedule(() => this.down--, down)
  }

  checkpointStored(process: VirtualProcess): void {
    if (process.part.parallelism === this.deployment.parallelism)
      process.part.subtasks.forEach((n) => this.checkpointed.add(n))
  }

  /** Another parallelism must not follow before all subtasks have taken over their part. */
  mayChangeTo({ parallelism, processes }: Omit<Deployment, 'suffix'>): boolean {
    const same = parallelism === this.deployment.parallelism && processes === this.deployment.processes
    return same || !this.rescaled || this.checkpointed.size === this.deployment.parallelism
  }

  /** Stops all, and starts again, perhaps in another number. A process that sleeps is believed dead, and left. */
  cycle(how: StopWay, exit: 'answer' | 'end', down: number, change: Partial<Deployment> = {}): void {
    const next = { ...this.deployment, ...change }
    this.phase = 'stopping'
    const asked = this.current.filter((process) => process.running)
    for (const process of asked) this.stop(process, how, exit)
    let patience = STOP_PATIENCE
    const wait = (): void => {
      const left = asked.filter((process) => process.running && !process.clock.stopped)
      if (left.length > 0 && patience > 0) {
        patience -= 50
        this.scheduler.schedule(wait, 50)
        return
      }
      for (const process of left) process.kill()
      this.phase = 'down'
      this.scheduler.schedule(() => {
        if (next.parallelism !== this.deployment.parallelism) {
          this.rescaled = true
          this.checkpointed.clear()
        }
        this.deployment = next
        this.startAll()
      }, down)
    }
    this.scheduler.schedule(wait)
  }

  stop(process: VirtualProcess, how: StopWay, exit: 'answer' | 'end'): void {
    if (how === 'kill') return process.kill()
    if (how === 'unsubscribe') return process.unsubscribe()
    // It may be between two attempts, or its last checkpoint fails: then it stops as it stands.
    this.askToStop(process, how === 'drain', exit, () => process.unsubscribe())
  }

  askToStop(process: VirtualProcess, drain: boolean, exit: 'answer' | 'end', refused: () => void): void {
    process.checkpoints.stopWithSavepoint({ drain }).subscribe({
      next: () => {
        if (process.clock.dead) return
        this.world.answered(process)
        if (exit === 'answer') process.kill()
      },
      error: () => {
        if (!process.clock.dead) refused()
      },
    })
  }

  private restartLater(slot: number, ms: number): void {
    this.restarting.add(slot)
    const expected = this.current[slot]
    this.scheduler.schedule(() => {
      if (this.current[slot] !== expected || !this.up) return
      this.restarting.delete(slot)
      this.start(slot)
    }, ms)
  }
}

const describe = ({ parallelism, subtasks, slow, refused, suffix, topics }: ProcessPart): string =>
  [
    ...(parallelism === 1 ? [] : [` with subtask ${subtasks.join(',')} of ${parallelism}`]),
    ...(suffix === '' ? [] : [`, with prefixes that end in ${suffix}`]),
    ...(slow === 0 ? [] : [`, its sinks connect ${slow} ms later`]),
    ...(refused ? [', and its sinks are refused'] : []),
    ...(topics === '' ? [] : [', of another job with the same prefixes']),
  ].join('')
