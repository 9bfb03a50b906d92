import { ErrorCodes, errorCode } from '../../protocol/errorCodes.js'

/**
 * What becomes of a partition after an error code in a fetch.
 *
 * - `fetched`: no error.
 * - `retry`: passes by itself; again after a back-off.
 * - `refresh`: the leader may have moved; ask for metadata, then again.
 * - `fail`: it cannot go on by itself; the reader is told.
 */
export type FetchVerdict = 'fetched' | 'retry' | 'refresh' | 'fail'

/**
 * By the table of all error codes, but for what a fetch means otherwise than a produce: CORRUPT_MESSAGE is damage on the
 * broker's disk, which no retry mends (Kafka's consumer throws as well), and UNKNOWN_SERVER_ERROR is retried as it does.
 */
export const fetchVerdict = (code: number): FetchVerdict => exceptions[code] ?? verdicts[errorCode(code).retry]

const verdicts = { no: 'fail', yes: 'retry', metadata: 'refresh', coordinator: 'retry', attempt: 'fail' } as const

const exceptions: Readonly<Record<number, FetchVerdict>> = {
  [ErrorCodes.NONE]: 'fetched',
  [ErrorCodes.CORRUPT_MESSAGE]: 'fail',
  [ErrorCodes.UNKNOWN_SERVER_ERROR]: 'refresh',
}
