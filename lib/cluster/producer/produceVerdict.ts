import { ErrorCodes, errorCode } from '../../protocol/errorCodes.js'

/**
 * What follows from the answer to a batch:
 *
 * - `acknowledged`: its records are in the log.
 * - `retry`: the same batch again, after a back-off; `refresh`: the same, after asking who leads the partition.
 * - `outOfOrder`: a batch before it is missing. If that one is about to be sent again, so is this one; otherwise the log
 *   has lost it, and going on would hide that.
 * - `unknownProducer`: the broker has forgotten the producer id. Without a transaction, a new id takes over.
 * - `split`: too large for the topic; in two halves it may fit.
 * - `fail`: no retry helps.
 */
export type ProduceVerdict = 'acknowledged' | 'retry' | 'refresh' | 'outOfOrder' | 'unknownProducer' | 'split' | 'fail'

export const produceVerdict = (code: number): ProduceVerdict => special.get(code) ?? byRetry[errorCode(code).retry]

/** The codes that mean something of their own to a producer; the others follow the general table. */
const special: ReadonlyMap<number, ProduceVerdict> = new Map<number, ProduceVerdict>([
  [ErrorCodes.NONE, 'acknowledged'],
  [ErrorCodes.MESSAGE_TOO_LARGE, 'split'],
  [ErrorCodes.RECORD_LIST_TOO_LARGE, 'split'],
  [ErrorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER, 'outOfOrder'],
  // An earlier attempt had succeeded.
  [ErrorCodes.DUPLICATE_SEQUENCE_NUMBER, 'acknowledged'],
  [ErrorCodes.UNKNOWN_PRODUCER_ID, 'unknownProducer'],
])

const byRetry = { no: 'fail', yes: 'retry', metadata: 'refresh', coordinator: 'retry', attempt: 'fail' } as const
