import type { VirtualProcess } from './VirtualProcess.js'
import type { World } from './World.js'

/** Ids that a subtask may initialise at a start for each sink; and for each start lately, whose ids may still be open. */
const AT_START = 6
const FOR_EACH_START = 3

/** Counts the transactional ids that a start initialises before its first checkpoint. They must not grow with the history of the job. */
export class ProbeWatch {
  private readonly starts: number[] = []

  constructor(private readonly world: World) {}

  /** An attempt begins, or goes on. */
  begun(): void {
    this.starts.push(this.world.now)
  }

  initialised(process: VirtualProcess, transactionalId: string): void {
    if (process.stores) return
    process.initialised.add(transactionalId)
    const { now, script } = this.world
    const lately = this.starts.filter((at) => at > now - script.transactionTimeout).length
    // A checkpoint that is given up takes an id too.
    const checkpoints = (now - process.attemptAt) / script.interval
    const { subtasks, parallelism } = process.part
    // It looks after those of a subtask that is no more, too.
    const most = Math.max(...this.world.fleet.all.map(({ part }) => part.parallelism))
    const heirOf = Math.ceil(most / parallelism)
    const sinks = subtasks.length * heirOf * (script.sinks + script.sources)
    if (process.initialised.size <= sinks * (AT_START + FOR_EACH_START * lately + checkpoints)) return
    this.world.violated(
      'probing',
      `${process.initialised.size} ids initialised at one start, after ${lately} starts lately`,
    )
    // It would only take longer and longer.
    this.world.end()
  }
}
