import type { VirtualProcess } from './VirtualProcess.js'
import type { World } from './World.js'

/**
 * What errors say of lost transactions, and whether it had to be.
 *
 * Records may be lost only where nothing could be done: their transaction was left to its timeout, and when that is noticed one of the
 * same subtask, of that checkpoint or a later one, is committed, so that going back would double its records; or it is of a former
 * parallelism, and the processes that share the new one have started from one state, which none of them can change.
 */
export class ReportedLosses {
  /** `topic value` of records that were rightly named as lost */
  readonly reported = new Set<string>()
  /** all transactions that were named */
  readonly named = new Set<string>()

  constructor(private readonly world: World) {}

  hear(transactionalIds: readonly string[], process: VirtualProcess): void {
    const { world } = this
    for (const id of transactionalIds) {
      this.named.add(id)
      if (world.transactions.isForgotten(id)) {
        this.lookAt(id)
        continue
      }
      const rightly = world.transactions.expired(id) && (this.isLaterCommitted(id) || this.isOfFormer(id, process))
      world.say(`reported: ${id} is lost${rightly ? '' : ', without need'} (${world.transactions.fate(id)})`)
      if (!rightly) continue
      for (const value of world.transactions.valuesIn(id)) this.reported.add(value)
      // As the error advises its reader.
      world.fleet.lostPolicy = 'warn'
    }
  }

  /** Neither brokers nor checkpoints know what became of it: the error asks its reader to look whether the records are there. */
  private lookAt(id: string): void {
    const { world } = this
    const values = world.transactions.valuesIn(id)
    const isCommitted = world.transactions.wasCommitted(id)
    world.say(`reported: ${id} is forgotten; its records are ${isCommitted ? '' : 'not '}there`)
    world.fleet.unknownPolicy = isCommitted ? 'assumeCommitted' : 'assumeLost'
    if (!isCommitted) for (const value of values) this.reported.add(value)
  }

  private isOfFormer(id: string, { part }: VirtualProcess): boolean {
    const writer = this.world.fleet.all.find(({ name }) => name === this.world.transactions.writerOf(id))
    return part.subtasks.length < part.parallelism && writer?.part.parallelism !== part.parallelism
  }

  private isLaterCommitted(id: string): boolean {
    const lost = partsOf(id)
    return this.world.kafka.transactions().some(({ transactionalId, state }) => {
      const other = partsOf(transactionalId)
      // Another number of subtasks goes on from what all of them left.
      const together = this.world.fleet.rescaled || lost.subtask === other.subtask
      return state === 'CompleteCommit' && together && other.checkpointId >= lost.checkpointId
    })
  }
}

const partsOf = (transactionalId: string) => {
  const [checkpointId, subtask] = transactionalId.split('-').reverse().map(Number) as [number, number]
  return { checkpointId, subtask }
}
