import type { CheckpointingInfo } from '../stream/Restored.js'
import { DeliveryGuarantee } from './DeliveryGuarantee.js'

/**
 * What a sink that rests on checkpoints says at its start when the coordinator takes none by itself; undefined when there is nothing
 * to say.
 */
export const warningOfInterval = (
  guarantee: DeliveryGuarantee,
  checkpointing: CheckpointingInfo | undefined,
): string | undefined => {
  if (checkpointing?.interval !== 0 || guarantee === DeliveryGuarantee.NONE) return undefined
  return (
    'The coordinator has no interval, so it takes no checkpoint by itself. ' +
    `${consequences[guarantee]} Set CheckpointCoordinator.create({ interval }) in ms, unless that is what you want.`
  )
}

const consequences = {
  [DeliveryGuarantee.AT_LEAST_ONCE]:
    'A restart reads and writes again all records since the last trigger() or stopWithSavepoint().',
  [DeliveryGuarantee.EXACTLY_ONCE]:
    'What this EXACTLY_ONCE sink writes stays invisible to read_committed readers until trigger(), stopWithSavepoint() or the end of a ' +
    'bounded source, and the brokers abort it after transaction.timeout.ms.',
}
