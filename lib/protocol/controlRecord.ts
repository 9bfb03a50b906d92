/**
 * How a transaction ended, from the key of the only record of a control batch:
 *
 *   control record key => version type
 *     version => INT16    0, or newer
 *     type => INT16       0 abort, 1 commit
 *
 * `undefined` for what is no such key.
 */
export const markerType = (key: Buffer | null): number | undefined =>
  key === null || key.length < 4 || key.readInt16BE(0) < 0 ? undefined : key.readInt16BE(2)

export const ABORT_MARKER = 0
export const COMMIT_MARKER = 1
