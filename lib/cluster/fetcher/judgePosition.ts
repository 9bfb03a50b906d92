import type { Offset } from '../../client/Offset.js'
import type { EpochEnd } from '../../protocol/requests/offsetForLeaderEpoch.js'

/**
 * What a new leader's log says of a position (KIP-320):
 *
 * - `valid`: what was read up to there is in it.
 * - `truncated`: it is not; the two part at `divergentOffset`, or in a time that the log has nothing of.
 */
export type PositionVerdict =
  { readonly _tag: 'valid' } | { readonly _tag: 'truncated'; readonly divergentOffset: Offset | undefined }

/** As `SubscriptionState.maybeCompleteValidation` of Kafka's consumer. */
export const judgePosition = (
  position: Offset,
  { leaderEpoch, endOffset }: Pick<EpochEnd, 'leaderEpoch' | 'endOffset'>,
): PositionVerdict => {
  if (leaderEpoch < 0 || endOffset < 0) return { _tag: 'truncated', divergentOffset: undefined }
  return endOffset < position ? { _tag: 'truncated', divergentOffset: endOffset } : { _tag: 'valid' }
}
