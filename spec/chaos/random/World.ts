import { TestScheduler } from 'rxjs/testing'
import { MemoryKafka } from '../../../lib/memory/MemoryKafka.js'
import type { SinkEvent } from '../../../lib/sink/SinkEvent.js'
import { AttemptLog } from './AttemptLog.js'
import { Disk } from './Disk.js'
import { EventPlayer } from './EventPlayer.js'
import { Faults } from './Faults.js'
import { Fleet } from './Fleet.js'
import { InputTopics } from './InputTopics.js'
import type { Happening, Violation, ViolationKind } from './Outcome.js'
import { Mishap } from './Mishap.js'
import { ProbeWatch } from './ProbeWatch.js'
import type { Script } from './Script.js'
import { ReportedLosses } from './ReportedLosses.js'
import { isSuperseded, lostTransactions, nameOfError, textOf } from './errorTexts.js'
import { TransactionLog } from './TransactionLog.js'
import type { ProcessWorld, VirtualProcess } from './VirtualProcess.js'

/** More than any job needs: one that goes on for ever at one moment of virtual time comes here. */
const MOST_ACTS = 3_000_000

/** Begins the names of another job's topics. */
export const STRANGE = 'strange-'

/** A cluster, a store, and the processes of a job, in virtual time: what a script happens to, with a record of it. */
export class World implements ProcessWorld {
  readonly scheduler = new TestScheduler(() => undefined)
  readonly kafka: MemoryKafka
  readonly disk = new Disk()
  readonly inputs: InputTopics
  readonly faults: Faults
  readonly fleet: Fleet
  readonly events: EventPlayer
  readonly transactions: TransactionLog
  readonly losses: ReportedLosses
  readonly happenings: Happening[] = []
  readonly violations: Violation[] = []
  /** attempts that failed since the quiet began, but for those whose own operators failed, as often as the script has it */
  failures: unknown[] = []
  /** when an operator of the job failed last */
  mishapAt = 0
  /** all that loggers and errors said */
  readonly messages: { readonly at: number; readonly text: string; readonly process: VirtualProcess }[] = []
  /** checkpoints that were stored */
  readonly stored: { readonly at: number; readonly process: VirtualProcess }[] = []
  /** when the checkpoints were deleted first, or put back to an older copy */
  setBackAt: number | undefined
  /** what ended the prefixes that had committed transactions when the checkpoints were set back, and that those do not know */
  private readonly forgotten = new Set<string>()
  /** the ids by which starts know that a prefix is used, as far as brokers knew them when the checkpoints were set back */
  private readonly ownersThen = new Set<string>()
  /** an attempt has begun since when the brokers had forgotten them all: a job renews them each hour, and scripts are shorter */
  private brokersForgot = false
  actsSoFar = 0
  /** the rest would only take long */
  over = false
  endedAt = 0
  private mishaps = 0
  private readonly attempts = new AttemptLog(() => this.now)
  private readonly probes: ProbeWatch

  constructor(readonly script: Script) {
    const { scheduler } = this
    const { sources, partitions, outPartitions, brokerMs } = script
    const inputs = Array.from({ length: sources }, (_, n) => [`in${n}`, partitions] as const)
    const outputs = ['out', 'also', 'dead'].map((topic) => [topic, outPartitions] as const)
    const own = [...inputs, ...outputs]
    const topics = Object.fromEntries([...own, ...own.map(([topic, size]) => [STRANGE + topic, size] as const)])
    const brokerConfig = {
      'transactional.id.expiration.ms': String(script.idExpiration),
      'transaction.abort.timed.out.transaction.cleanup.interval.ms': String(script.abortInterval),
    }
    this.kafka = new MemoryKafka({ scheduler, topics, latencyMs: brokerMs, brokerConfig })
    this.inputs = new InputTopics(script.records, this.kafka, scheduler)
    this.faults = new Faults(scheduler, this.kafka)
    this.transactions = new TransactionLog(this.kafka, () => this.now)
    this.fleet = new Fleet(script, scheduler, this)
    this.events = new EventPlayer(this)
    this.losses = new ReportedLosses(this)
    this.probes = new ProbeWatch(this)
    this.kafka.calls$.subscribe((call) => {
      this.transactions.observe(call)
      const process = this.fleet.all.find(({ name }) => call.clientId.startsWith(`${name}/`))
      if (process === undefined) return
      if (call.api === 'InitProducerId' && call.moment === 'before') this.lookForOwners()
      if (call.api === 'InitProducerId' && call.transactionalId !== undefined)
        this.probes.initialised(process, call.transactionalId)
      this.step(process, `${call.moment} ${call.api}`)
    })
  }

  get now(): number {
    return this.scheduler.now()
  }

  /** Whether events may still happen, or last. */
  get troubled(): boolean {
    const asleep = this.fleet.all.some(({ clock }) => clock.stopped)
    return (
      !this.inputs.complete || this.events.waiting || this.faults.any || asleep || this.fleet.someDown || !this.fleet.up
    )
  }

  begin(): void {
    this.inputs.begin()
    this.scheduler.schedule(() => this.fleet.startAll())
    this.events.begin()
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
    if (what === 'after complete') {
      this.fleet.checkpointStored(process)
      this.stored.push({ at: this.now, process })
    }
    if (what === 'before complete') process.stores = true
    this.events.step(process, what)
  }

  storeFault(call: string): 'fail' | 'loseAnswer' | undefined {
    return this.faults.storeFault(call)
  }

  storeDelay(call: string): number {
    return this.faults.storeDelay(call)
  }

  begun(): number {
    this.probes.begun()
    this.lookForOwners()
    return this.now
  }

  /** An attempt that began before it slept may open transactions only now. */
  woke(): void {
    this.probes.begun()
  }

  /** An attempt begins: do the brokers still know who used its prefix when the checkpoints were set back? */
  private lookForOwners(): void {
    const { ownersThen } = this
    if (ownersThen.size === 0 || this.brokersForgot) return
    const isKnown = this.kafka.transactions().some(({ transactionalId }) => ownersThen.has(transactionalId))
    this.brokersForgot = !isKnown
  }

  emitted(process: VirtualProcess, event: SinkEvent): void {
    if (event.kind === 'committed')
      this.say(`${process.name} has committed ${event.transactionalId}${event.recovered ? ', as left' : ''}`)
    if (event.kind === 'lost') this.losses.hear([event.transactionalId], process)
  }

  failed(process: VirtualProcess, error: unknown): void {
    this.say(`${process.name} fails: ${nameOfError(error)}`)
    if (!(error instanceof Mishap)) this.failures.push(error)
    this.messages.push({ at: this.now, text: textOf(error), process })
    this.losses.hear(lostTransactions(error), process)
    if (isSuperseded(error) && this.isUsurped(process, textOf(error)))
      this.violated(
        'usurped',
        `${process.name} is superseded by a process that cannot begin, or takes back what it had lost`,
      )
    this.attempts.failed(process)
  }

  mishap(times: number): boolean {
    if (this.mishaps >= times) return false
    this.mishaps++
    this.mishapAt = this.now
    return true
  }

  warned(process: VirtualProcess, message: string): void {
    this.messages.push({ at: this.now, text: message, process })
  }

  /**
   * Whether the checkpoints were deleted or put back, and a process that had none before says since that its prefix is in use, or any that
   * it was used before: it begins from an older state, and what is written already is doubled.
   */
  get beganAgain(): boolean {
    const { setBackAt } = this
    if (setBackAt === undefined) return false
    // Neither the store nor the brokers can tell that something was written before.
    if (this.beganAnew || this.brokersForgot) return true
    const before = new Set(this.stored.filter(({ at }) => at < setBackAt).map(({ process }) => process))
    return this.messages.some(
      ({ at, text, process }) =>
        at >= setBackAt && (before.has(process) ? /was used before/ : /transactional id prefix/).test(text),
    )
  }

  /** The checkpoints are not what they were any more: deleted, or an older copy. */
  setBack(): void {
    this.setBackAt ??= this.now
    const all = this.kafka.transactions()
    for (const { transactionalId } of all) if (transactionalId.endsWith('-owner')) this.ownersThen.add(transactionalId)
    const committed = all.filter(({ state }) => state === 'CompleteCommit')
    const known = this.disk.sinkNames
    for (const { transactionalId } of committed) {
      const name = transactionalId.replace(/-\d+-\d+$/, '')
      if (!known.has(name)) this.forgotten.add(name.replace(/^\w+/, ''))
    }
  }

  /**
   * Whether a process began with other prefixes than those whose every trace was lost with the checkpoints. Neither the store nor its
   * own prefixes can tell it from the first start of a new job.
   */
  private get beganAnew(): boolean {
    const { forgotten, setBackAt = Infinity, stored } = this
    // One that had stored nothing by then may have looked at the store before or after.
    const isNew = (process: VirtualProcess): boolean =>
      process.attemptAt >= setBackAt || !stored.some((one) => one.process === process && one.at < setBackAt)
    return forgotten.size > 0 && this.fleet.all.some((process) => isNew(process) && !forgotten.has(process.part.suffix))
  }

  /** Transactions that are open, but for those of another job. */
  get openTransactions(): readonly string[] {
    const strangers = new Set(this.fleet.all.filter(({ part }) => part.topics !== '').map(({ name }) => name))
    return this.transactions.open((name) => !strangers.has(name))
  }

  created(process: VirtualProcess, key: string, text: string): void {
    if (process.part.topics === '') this.attempts.created(process, key, text)
  }

  /**
   * A process that was started earlier may have been stopped before it came to the store, so it matters whether a newer one can begin. A
   * store that was emptied shows it no others that it should wait for.
   */
  private isUsurped(process: VirtualProcess, text: string): boolean {
    if (this.setBackAt !== undefined) return false
    const newer = this.fleet.all.slice(this.fleet.all.indexOf(process) + 1).filter(({ part }) => part.topics === '')
    return newer.length > 0 && newer.every(({ part }) => part.refused) && this.attempts.isUsurped(text)
  }

  ended(process: VirtualProcess): void {
    if (process.end?._tag !== 'failed') this.say(`${process.name} is ${process.end?._tag ?? ''}`)
    this.fleet.ended(process)
  }

  answered(process: VirtualProcess): void {
    this.say(`${process.name}: stopWithSavepoint has answered`)
    const open = this.transactions.open((name) => name === process.name)
    if (open.length > 0)
      this.violated('answered early', `${open.join(', ')} not committed when stopWithSavepoint answered`)
  }
}
