import { ErrorCodes } from '../../protocol/errorCodes.js'
import type { MemoryLog } from '../MemoryLog.js'

/** The error code for who takes the leader for that of another epoch (KIP-320); 0 for none, and when -1 says that it is not known. */
export const leaderEpochError = ({ leaderEpoch }: Pick<MemoryLog, 'leaderEpoch'>, asked: number): number => {
  if (asked < 0 || asked === leaderEpoch) return 0
  return asked < leaderEpoch ? ErrorCodes.FENCED_LEADER_EPOCH : ErrorCodes.UNKNOWN_LEADER_EPOCH
}
