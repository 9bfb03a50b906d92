import { Disk } from './Disk.js'
import type { ScriptEvent } from './Script.js'
import type { VirtualProcess } from './VirtualProcess.js'
import { STRANGE, type World } from './World.js'

/** An event waits so long for its step, in ms; and in any case until the store and the broker are well again. */
const STEP_PATIENCE = 3_000

/** So many checkpoints of a job may be stored before it must have noticed that another one has its prefix. */
const ENOUGH = 3

/** How often a sink without records looks whether its ids are still its own, in ms. */
const OWNER_CHECK = 1_000

type OfFleet = Exclude<ScriptEvent, { do: 'store' | 'broker' | 'leader' | 'clock' }>

/** Has the events of a script happen, each at its time or its step. */
export class EventPlayer {
  /** how often events of a kind took place */
  readonly took: Record<string, number> = {}
  private readonly armed = new Set<ScriptEvent>()
  private left: number
  private renames = 0
  private strangers = 0
  private restores = 0

  constructor(private readonly world: World) {
    this.left = world.script.events.length
  }

  /** Whether some are still to come. */
  get waiting(): boolean {
    return this.left > 0 || this.armed.size > 0 || this.strangers > 0 || this.restores > 0
  }

  begin(): void {
    for (const event of this.world.script.events) this.world.scheduler.schedule(() => this.come(event), event.at)
  }

  /** A process does something. */
  step(process: VirtualProcess, what: string): void {
    for (const event of this.armed)
      if (event.on === what && (!('slot' in event) || this.world.fleet.of(event.slot) === process)) {
        this.armed.delete(event)
        this.happen(event)
      }
  }

  private come(event: ScriptEvent): void {
    this.left--
    if (event.on === undefined) return this.happen(event)
    this.armed.add(event)
    const giveUp = (): void => {
      if (this.world.faults.any && !this.world.over) this.world.scheduler.schedule(giveUp, STEP_PATIENCE)
      else this.armed.delete(event)
    }
    this.world.scheduler.schedule(giveUp, STEP_PATIENCE)
  }

  private happen(event: ScriptEvent): void {
    if (this.take(event)) this.took[event.do] = (this.took[event.do] ?? 0) + 1
  }

  /** False: it did not fit what it met. */
  private take(event: ScriptEvent): boolean {
    const { world } = this
    switch (event.do) {
      case 'store':
        world.say(`the store: ${event.fault} ${event.calls} for ${event.ms} ms`)
        world.faults.breakStore(event)
        return true
      case 'broker':
        world.say(`the broker: ${event.fault} ${event.api} for ${event.ms} ms`)
        world.faults.breakBroker(event)
        return true
      case 'leader':
        world.say(`${event.topic}-${event.partition} has no leader for ${event.ms} ms`)
        world.faults.moveLeader(event)
        return true
      case 'clock':
        world.say(`the clock of slot ${event.slot} is set by ${event.ms} ms`)
        world.fleet.setClock(event.slot, event.ms)
        return true
      default:
        return world.fleet.up && this.happenToFleet(event)
    }
  }

  private happenToFleet(event: OfFleet): boolean {
    const { world } = this
    const { fleet } = world
    switch (event.do) {
      case 'start':
        fleet.start(event.slot, event.slow)
        return true
      case 'stop':
        world.say(`the job is stopped: ${event.how}, exit at ${event.exit}`)
        fleet.cycle(event.how, event.exit, event.down)
        return true
      case 'rescale':
        if (!fleet.mayChangeTo(event)) return false
        world.say(
          `the job is stopped: ${event.how}, for parallelism ${event.parallelism} in ${event.processes} processes`,
        )
        fleet.cycle(event.how, 'end', event.down, { parallelism: event.parallelism, processes: event.processes })
        return true
      case 'kill': {
        const process = fleet.of(event.slot)
        if (process?.running !== true) return false
        fleet.kill(process, event.down)
        return true
      }
      case 'sleep':
        return this.putToSleep(fleet.of(event.slot), event.ms)
      case 'falseStart':
        fleet.startBeside(event.slot, { refused: true, slow: event.ms })
        return true
      case 'rename':
        world.say(`the job is stopped: ${event.how}, for other prefixes`)
        fleet.cycle(event.how, 'end', event.down, { suffix: `.${++this.renames}` })
        return true
      case 'empty':
        world.say('the directory of the checkpoints is deleted')
        world.disk.empty()
        world.setBack()
        return true
      case 'restore':
        this.restoreLater(event.ms)
        return true
      case 'stranger':
        this.startStranger(event.ms)
        return true
    }
  }

  private putToSleep(process: VirtualProcess | undefined, ms: number): boolean {
    if (process?.running !== true || process.clock.stopped) return false
    const { world } = this
    world.say(`${process.name} sleeps for ${ms} ms`)
    process.clock.stop()
    world.scheduler.schedule(() => {
      if (process.clock.dead) return
      world.say(`${process.name} goes on`)
      world.woke()
      process.clock.go()
    }, ms)
    return true
  }

  private restoreLater(ms: number): void {
    const { world } = this
    const restore = world.disk.backup()
    this.restores++
    world.scheduler.schedule(() => {
      this.restores--
      world.say('the directory of the checkpoints is put back to an older copy')
      restore()
      world.setBack()
    }, ms)
  }

  /** It copies a record every 50 ms, and one of both jobs has to say what the matter is. */
  private startStranger(ms: number): void {
    const { world } = this
    const { scheduler, kafka, script } = world
    const since = world.now
    const { suffix } = world.fleet
    const stranger = world.fleet.startBeside(0, {
      ...{ topics: STRANGE, storage: new Disk().storage, parallelism: 1, subtasks: [0] },
    })
    this.strangers++
    for (let at = 0; at < ms; at += 50)
      scheduler.schedule(() => kafka.produce(`${STRANGE}in0`, [{ value: `a 0:0 ${at}` }]), at)
    scheduler.schedule(() => {
      this.strangers--
      stranger.kill()
      // As the error advises, now that the prefix is this job's alone.
      world.fleet.takesOver = true
      if (script.guarantee === 'EXACTLY_ONCE') this.checkMessages(since, stranger, suffix)
    }, ms)
  }

  /** When both have taken checkpoints of the same subtask beside each other for long enough, a message must have named the prefix. */
  private checkMessages(since: number, stranger: VirtualProcess, suffix: string): void {
    const { messages, stored } = this.world
    const begun = (process: VirtualProcess): number => stored.find((one) => one.process === process)?.at ?? Infinity
    const beside = stored.filter(
      ({ at, process }) =>
        at > Math.max(begun(stranger), begun(process)) + OWNER_CHECK &&
        process !== stranger &&
        process.part.subtasks.includes(0) &&
        process.part.suffix === suffix,
    )
    const says = new RegExp(`prefix "?out${suffix}`)
    if (beside.length > ENOUGH && !messages.some(({ at, text }) => at >= since && says.test(text)))
      this.world.violated('silence', `Two jobs share the transactional id prefix out${suffix}, and no message says so`)
  }
}
