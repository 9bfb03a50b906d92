import { TestScheduler } from 'rxjs/testing'
import { MemoryCheckpointStore } from '../../../lib/checkpoint/MemoryCheckpointStore.js'
import { MemoryKafka } from '../../../lib/memory/MemoryKafka.js'
import type { SinkEvent } from '../../../lib/sink/SinkEvent.js'
import { Faults } from './Faults.js'
import { Fleet } from './Fleet.js'
import { inputValue } from './Item.js'
import { GROUP } from './jobOf.js'
import type { Happening, Violation, ViolationKind } from './Outcome.js'
import type { InputRecord, Script, ScriptEvent } from './Script.js'
import { lostTransactions, nameOfError } from './toldErrors.js'
import { TransactionLog } from './TransactionLog.js'
import type { ProcessWorld, VirtualProcess } from './VirtualProcess.js'

/** More than any job needs: one that goes on for ever at one moment of virtual time comes here. */
const MOST_ACTS = 3_000_000

/** An event waits so long for its step, in ms. */
const STEP_PATIENCE = 3_000

/** A cluster, a store, and the processes of a job, in virtual time: what a script happens to. */
export class World implements ProcessWorld {
  readonly scheduler = new TestScheduler(() => undefined)
  readonly kafka: MemoryKafka
  readonly store = new MemoryCheckpointStore()
  readonly faults: Faults
  readonly fleet: Fleet
  readonly transactions: TransactionLog
  readonly happenings: Happening[] = []
  readonly violations: Violation[] = []
  readonly took: Record<string, number> = {}
  /** values that errors named as lost, where that is right */
  readonly told = new Set<string>()
  /** all transactions that errors named as lost */
  readonly named = new Set<string>()
  /** attempts that failed since the quiet began */
  failures: unknown[] = []
  actsSoFar = 0
  /** nobody looks at the rest: it would only take long */
  over = false
  endedAt = 0
  private readonly unwritten: InputRecord[] = []
  private readonly armed = new Map<ScriptEvent, number>()
  private readonly starts: number[] = []

  constructor(readonly script: Script) {
    const { scheduler } = this
    const { sources, partitions, outPartitions, brokerMs } = script
    const inputs = Array.from({ length: sources }, (_, n) => [`in${n}`, partitions] as const)
    const outputs = ['out', 'also', 'dead'].map((topic) => [topic, outPartitions] as const)
    const topics = Object.fromEntries([...inputs, ...outputs])
    this.kafka = new MemoryKafka({ scheduler, topics, latencyMs: brokerMs })
    this.faults = new Faults(scheduler, this.kafka)
    this.transactions = new TransactionLog(this.kafka, () => this.now)
    this.fleet = new Fleet(script, scheduler, this, script)
    this.kafka.calls$.subscribe((call) => {
      this.transactions.observe(call)
      const process = this.fleet.all.find(({ name }) => call.clientId.startsWith(`${name}/`))
      if (process === undefined) return
      if (call.api === 'InitProducerId' && call.transactionalId !== undefined)
        this.probed(process, call.transactionalId)
      this.step(process, `${call.moment} ${call.api}`)
    })
  }

  get now(): number {
    return this.scheduler.now()
  }

  /** Whether events may still happen, or last. */
  get troubled(): boolean {
    const last = Math.max(0, ...this.script.events.map(({ at }) => at), ...this.script.records.map(({ at }) => at))
    const asleep = this.fleet.all.some(({ clock }) => clock.stopped)
    return (
      this.now <= last ||
      this.unwritten.length > 0 ||
      this.armed.size > 0 ||
      this.faults.any ||
      asleep ||
      this.fleet.someDown ||
      !this.fleet.up
    )
  }

  begin(): void {
    const { records, events } = this.script
    const batches = new Map<number, InputRecord[]>()
    for (const record of records) batches.set(record.at, [...(batches.get(record.at) ?? []), record])
    for (const [at, batch] of batches)
      this.scheduler.schedule(() => {
        this.unwritten.push(...batch)
        this.produce()
      }, at)
    for (const event of events) this.scheduler.schedule(() => this.come(event), event.at)
    this.scheduler.schedule(() => this.fleet.startAll())
  }

  say(what: string): void {
    this.happenings.push({ at: this.now, what })
  }

  violated(kind: ViolationKind, what: string): void {
    if (!this.violations.some((violation) => violation.kind === kind)) this.say(`!! ${kind}: ${what}`)
    this.violations.push({ kind, what })
  }

  end(): void {
    this.endedAt = this.now
    this.over = true
    this.fleet.end()
  }

  // What processes do

  acts(): void {
    if (++this.actsSoFar > MOST_ACTS) throw new Error(`Virtual time does not end: ${MOST_ACTS} acts by ${this.now} ms.`)
  }

  step(process: VirtualProcess, what: string): void {
    if (what === 'after complete') this.fleet.checkpointStored(process)
    if (what === 'before complete') process.stores = true
    for (const event of this.armed.keys())
      if (event.on === what && (!('slot' in event) || this.fleet.of(event.slot) === process)) {
        this.armed.delete(event)
        this.happen(event)
      }
  }

  storeFault(call: string): 'fail' | 'loseAnswer' | undefined {
    return this.faults.storeFault(call)
  }

  storeDelay(call: string): number {
    return this.faults.storeDelay(call)
  }

  emitted(process: VirtualProcess, event: SinkEvent): void {
    if (event.kind === 'committed')
      this.say(`${process.name} has committed ${event.transactionalId}${event.recovered ? ', as left' : ''}`)
    if (event.kind === 'lost') this.heard([event.transactionalId])
  }

  begun(): number {
    this.starts.push(this.now)
    return this.now
  }

  failed(process: VirtualProcess, error: unknown): void {
    this.say(`${process.name} fails: ${nameOfError(error)}`)
    this.failures.push(error)
    this.heard(lostTransactions(error))
  }

  ended(process: VirtualProcess): void {
    const { end } = process
    if (end?._tag !== 'failed') this.say(`${process.name} is ${end?._tag ?? ''}`)
    this.fleet.ended(process)
  }

  answered(process: VirtualProcess): void {
    this.say(`${process.name}: stopWithSavepoint has answered`)
    const open = this.transactions.open(process.name)
    if (open.length > 0)
      this.violated('answered early', `${open.join(', ')} not committed when stopWithSavepoint answered`)
  }

  /** Whether the group has read all that there is. */
  get consumed(): boolean {
    const { sources } = this.script
    const committed = this.kafka.committedOffsets(GROUP)
    return Array.from({ length: sources }, (_, n) => `in${n}`).every((topic) =>
      this.kafka.endOffsets(topic).every((end, p) => end === 0 || (committed.get(`${topic}-${p}`) ?? 0) >= end),
    )
  }

  // What happens to them

  /** As an idempotent producer would: in order, and again while a partition has no leader. */
  private produce(): void {
    for (let record = this.unwritten[0]; record !== undefined; record = this.unwritten[0]) {
      const { source, partition, time } = record
      try {
        this.kafka.produce(`in${source}`, [{ partition, value: inputValue(record), timestamp: time }])
      } catch {
        this.scheduler.schedule(() => this.produce(), 20)
        return
      }
      this.unwritten.shift()
    }
  }

  private come(event: ScriptEvent): void {
    if (event.on === undefined) return this.happen(event)
    this.armed.set(event, this.now)
    this.scheduler.schedule(() => this.armed.delete(event), STEP_PATIENCE)
  }

  private happen(event: ScriptEvent): void {
    if (this.take(event)) this.took[event.do] = (this.took[event.do] ?? 0) + 1
  }

  /** False: it did not fit what it met. */
  private take(event: ScriptEvent): boolean {
    const { fleet, faults } = this
    switch (event.do) {
      case 'store':
        this.say(`the store: ${event.fault} ${event.calls} for ${event.ms} ms`)
        faults.breakStore(event)
        return true
      case 'broker':
        this.say(`the broker: ${event.fault} ${event.api} for ${event.ms} ms`)
        faults.breakBroker(event)
        return true
      case 'leader':
        this.say(`${event.topic}-${event.partition} has no leader for ${event.ms} ms`)
        faults.moveLeader(event)
        return true
      case 'clock':
        this.say(`the clock of slot ${event.slot} is set by ${event.ms} ms`)
        fleet.setClock(event.slot, event.ms)
        return true
      default:
        return fleet.up && this.handle(event)
    }
  }

  private handle(event: Exclude<ScriptEvent, { do: 'store' | 'broker' | 'leader' | 'clock' }>): boolean {
    const { fleet, scheduler } = this
    switch (event.do) {
      case 'start':
        fleet.start(event.slot, event.slow)
        return true
      case 'stop':
        this.say(`the job is stopped: ${event.how}, exit at ${event.exit}`)
        fleet.cycle(event.how, event.exit, event.down)
        return true
      case 'rescale':
        if (!fleet.mayChangeTo(event)) return false
        this.say(
          `the job is stopped: ${event.how}, for parallelism ${event.parallelism} in ${event.processes} processes`,
        )
        fleet.cycle(event.how, 'end', event.down, event)
        return true
      case 'kill': {
        const process = fleet.of(event.slot)
        if (process?.running !== true) return false
        fleet.kill(process, event.down)
        return true
      }
      case 'sleep': {
        const process = fleet.of(event.slot)
        if (process?.running !== true || process.clock.stopped) return false
        this.say(`${process.name} sleeps for ${event.ms} ms`)
        process.clock.stop()
        scheduler.schedule(() => {
          if (process.clock.dead) return
          this.say(`${process.name} goes on`)
          process.clock.go()
        }, event.ms)
        return true
      }
    }
  }

  // What may be said of them

  /**
   * Records may be lost only where nothing could be done: their transaction was left to its timeout, and when that is noticed one of
   * that checkpoint or a later one is committed, so going back would double it.
   */
  private heard(transactionalIds: readonly string[]): void {
    for (const id of transactionalIds) {
      this.named.add(id)
      const later = this.kafka
        .transactions()
        .some(
          ({ transactionalId, state }) =>
            state === 'CompleteCommit' && checkpointOf(transactionalId) >= checkpointOf(id),
        )
      const rightly = later && this.transactions.expired(id)
      this.say(`told: ${id} is lost${rightly ? '' : ', without need'} (${this.transactions.fate(id)})`)
      if (!rightly) continue
      for (const value of this.transactions.valuesIn(id)) this.told.add(value)
      this.fleet.lostPolicy = 'warn'
    }
  }

  private probed(process: VirtualProcess, transactionalId: string): void {
    if (process.stores) return
    process.initialised.add(transactionalId)
    const { transactionTimeout, sinks, sources, interval } = this.script
    const since = this.now - transactionTimeout
    const recent = this.starts.filter((at) => at > since).length
    const elapsed = (this.now - process.attemptAt) / Math.max(1, interval)
    const bound = process.part.subtasks.length * (sinks + sources) * (6 + 3 * recent + elapsed)
    if (process.initialised.size <= bound) return
    this.violated(
      'probing',
      `${process.initialised.size} transactional ids initialised at one start, ${recent} starts lately`,
    )
    this.end()
  }
}

const checkpointOf = (transactionalId: string): number =>
  Number(transactionalId.slice(transactionalId.lastIndexOf('-') + 1))
