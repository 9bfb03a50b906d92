import type { TransactionDescription } from '../../client/TransactionDescription.js'
import type { OwnerRecords } from '../../stream/TwoPhaseCommit.js'

/**
 * Whose a subtask's transactional ids are.
 *
 * - `ours`: of an attempt of this job, or never used.
 * - `inUse`: the store knows of no owner, but the ids were used: by another job, or by this one before its store was emptied or put
 *   back.
 * - `foreign`: somebody else's.
 */
export type Ownership = 'ours' | 'inUse' | 'foreign'

/** From here on the broker gives the next owner another producer id. */
const LAST_EPOCH = 32_766

/** Compares what attempts of this job have recorded about the owner with what the coordinator describes. */
export const ownershipOf = (
  { firstAttempt, owners, changing }: OwnerRecords,
  described: Pick<TransactionDescription, 'producerId' | 'epoch'> | undefined,
): Ownership => {
  if (described === undefined) return 'ours'
  // A store that knows attempts has the owners of them all: one attempt hands its records on to the next.
  if (owners.length === 0 && changing === 0) return firstAttempt ? 'inUse' : 'foreign'
  // Each that was about to become the owner explains one epoch, from 0 on. A repeated request raises it too, so there are more at times.
  if (owners.length === 0) return described.epoch < changing ? 'ours' : 'inUse'
  const ofSameProducer = owners.filter(({ producerId }) => BigInt(producerId) === described.producerId)
  if (ofSameProducer.some(({ epoch }) => epoch === described.epoch)) return 'ours'
  if (changing === 0) return 'foreign'
  // An attempt died, or was stopped, as it raised the epoch.
  if (ofSameProducer.some(({ epoch }) => epoch < described.epoch)) return 'ours'
  // A broker that has forgotten the id, or used up its epochs, gives a new producer id.
  return described.epoch === 0 || owners.some(({ epoch }) => epoch >= LAST_EPOCH) ? 'ours' : 'foreign'
}
