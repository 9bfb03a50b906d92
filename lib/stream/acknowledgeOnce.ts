import { StreamError } from './StreamError.js'

/**
 * Guards an acknowledgement: the first call goes through, a second throws a `StreamError` `AcknowledgedTwice` that
 * names `branch`. Whoever makes a batch end or a barrier wraps its `acknowledge` in it.
 *
 * @param what what is acknowledged, for the message: `the batch end of flights-0`, `the barrier of checkpoint 7`
 */
export function acknowledgeOnce(what: string, acknowledge: () => void): () => void {
  let acknowledged = false
  return () => {
    if (acknowledged) {
      throw new StreamError(
        'AcknowledgedTwice',
        `${what} was acknowledged twice. The same stream elements reached two ends of a pipeline (sinkTo, recordsOnly), so ` +
          'neither knows whether the other is done. Give each end its own elements with branch(a, b, ...).',
      )
    }
    acknowledged = true
    acknowledge()
  }
}
