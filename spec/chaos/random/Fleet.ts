import type { SchedulerLike } from 'rxjs'
import type { CommitLostPolicy } from '../../../lib/sink/KafkaSinkConfig.js'
import type { Script, StopWay } from './Script.js'
import { type ProcessWorld, VirtualProcess } from './VirtualProcess.js'

/** How many subtasks there are, and how many processes share them. */
export interface Deployment {
  readonly parallelism: number
  readonly processes: number
}

/** How long a process that was asked to stop is waited for before it is killed, in ms. */
const STOP_PATIENCE = 6_000

/** A slot whose process ends again and again waits twice as long each time, at most so long; until one has lived `CALM`. In ms. */
const MOST_BACKOFF = 5_000
const CALM = 10_000

/**
 * The processes of the job, and what an orchestrator does for them: one runs in each slot; one that ends with an error is started
 * again. A second one may be started beside it: from then on the slot is its own, and the former one is left to itself.
 */
export class Fleet {
  lostPolicy: CommitLostPolicy = 'fail'
  readonly all: VirtualProcess[] = []
  private current: VirtualProcess[] = []
  private phase: 'up' | 'stopping' | 'down' = 'down'
  private readonly restarting = new Set<number>()
  private readonly backoffs = new Map<number, number>()
  private readonly skews = new Map<number, number>()
  /** subtasks that have a checkpoint with this parallelism; and whether it was another one before */
  private readonly checkpointed = new Set<number>()
  private rescaled = false
  private down = 0

  constructor(
    private readonly script: Script,
    private readonly scheduler: SchedulerLike,
    private readonly world: ProcessWorld & {
      say(what: string): void
      answered(process: VirtualProcess): void
    },
    private deployment: Deployment,
  ) {}

  /** Whether a process is down as the script has it. */
  get someDown(): boolean {
    return this.down > 0
  }

  get up(): boolean {
    return this.phase === 'up'
  }

  get parallelism(): number {
    return this.deployment.parallelism
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

  start(slot: number, slow = 0): void {
    const { parallelism, processes } = this.deployment
    const own = slot % processes
    const process = new VirtualProcess(
      {
        name: `p${this.all.length}`,
        slot: own,
        parallelism,
        subtasks: Array.from({ length: parallelism }, (_, n) => n).filter((n) => n % processes === own),
        slow,
        skew: this.skews.get(own) ?? 0,
        lostPolicy: this.lostPolicy,
      },
      this.world,
    )
    this.all.push(process)
    this.current[own] = process
    const subtasks = parallelism === 1 ? '' : ` with subtask ${process.part.subtasks.join(',')} of ${parallelism}`
    this.world.say(`${process.name} starts${subtasks}${slow > 0 ? `, its sinks connect ${slow} ms later` : ''}`)
    process.start()
  }

  /** Starts what should run and does not. */
  heal(): void {
    if (!this.up) return
    for (const process of this.current)
      if (!process.running && process.end?._tag !== 'completed' && !this.restarting.has(process.part.slot))
        this.start(process.part.slot)
    // What an operator does about processes of a former parallelism, told by the error that names them.
    for (const process of this.all)
      if (process.running && process.part.parallelism !== this.parallelism && !this.current.includes(process))
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
    if (!this.up || this.current[slot] !== process || process.end?._tag !== 'failed') return
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
    if (process.part.parallelism === this.parallelism) process.part.subtasks.forEach((n) => this.checkpointed.add(n))
  }

  /** Another parallelism must not follow before all subtasks have taken over their part. */
  mayChangeTo({ parallelism, processes }: Deployment): boolean {
    const same = parallelism === this.parallelism && processes === this.deployment.processes
    return same || !this.rescaled || this.checkpointed.size === this.parallelism
  }

  /** Stops all, and starts again, perhaps in another number. A process that sleeps is believed dead, and left. */
  cycle(how: StopWay, exit: 'answer' | 'end', down: number, next = this.deployment): void {
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
        if (next.parallelism !== this.parallelism) {
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
