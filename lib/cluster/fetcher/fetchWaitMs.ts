/** What decides how long a fetch may wait at its broker for data. */
export interface FetchSituation {
  /** data is known to be there */
  readonly immediate: boolean
  /** connections to this broker that stay free beside this fetch */
  readonly freeLanes: number
  /** partitions of this broker that no fetch covers now, since the reader is still busy with them: it may ask any moment */
  readonly uncovered: number
  /** fetches to this broker in a row that brought nothing */
  readonly quietRounds: number
  /** `fetch.max.wait.ms` */
  readonly maxWaitMs: number
}

/**
 * A broker answers one connection's requests one after the other, so a fetch that waits for data of idle partitions would
 * hold up the next one for busy partitions. It may wait long while another connection is free, or when nobody is left who
 * could ask. Otherwise it waits shortly, and twice as long each time while nothing comes. It does not wait at all where data
 * is known to be: should that be wrong, it holds nobody up.
 */
export const fetchWaitMs = ({ immediate, freeLanes, uncovered, quietRounds, maxWaitMs }: FetchSituation): number => {
  if (immediate) return 0
  if (freeLanes > 0 || uncovered === 0) return maxWaitMs
  return Math.min(maxWaitMs, 2 ** Math.min(quietRounds, 30))
}
