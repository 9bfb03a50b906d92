import type { PartitionQueue } from './PartitionQueue.js'
import type { ProducerIdentity } from './ProducerIdentity.js'

/** What a plain and a transactional producer decide differently about sending. */
export interface SendPolicy {
  readonly transactionalId: string | null
  /**
   * Under whose name batches are numbered; null: without idempotence; undefined: not known yet. Then it is being asked
   * for, and the sender is woken when it is there.
   */
  identity(): ProducerIdentity | null | undefined
  /** Whether batches of this partition may go. If not, what is in the way is on its way out, and the sender is woken then. */
  admits(queue: PartitionQueue): boolean
  /** The broker has forgotten this identity. False when nothing can replace it. */
  replaceIdentity(forgotten: ProducerIdentity | undefined): boolean
}
