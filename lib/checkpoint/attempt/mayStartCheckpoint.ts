/** What decides whether the next checkpoint starts. Pauses are over or not: no clock is asked, since a clock may be set. */
export interface TriggerSituation {
  /** every source that joined has resolved where it starts */
  readonly ready: boolean
  /** checkpoints on their way */
  readonly running: number
  readonly maxConcurrent: number
  /** one of them is the last of a source: nothing may overtake it, since that source answers no more */
  readonly ending: boolean
  /** `trigger()` was called */
  readonly asked: boolean
  /** a source is done, or the job is to stop */
  readonly final: boolean
  /** there is an interval: checkpoints start by themselves */
  readonly periodic: boolean
  /** a checkpoint of this attempt has completed */
  readonly completed: boolean
  /** failures since then */
  readonly failures: number
  /** the interval since the start of the last checkpoint */
  readonly intervalOver: boolean
  /** the minimum pause since the end of the last checkpoint */
  readonly minPauseOver: boolean
  /** the pause since the end of the last checkpoint after which a last one is tried again: a broken store is not asked in a hot loop */
  readonly retryPauseOver: boolean
}

/** How long a first or a last checkpoint waits after a failure, in ms. */
export const RETRY_PAUSE = 1_000

/**
 * Whether the next checkpoint starts now.
 *
 * The first one is not waited for, so that a crash does not resolve the starting offsets again, and since records may wait for it; the
 * last one and those asked for wait for no pause.
 */
export const mayStartCheckpoint = (it: TriggerSituation): boolean => {
  if (!it.ready || it.ending || it.running >= it.maxConcurrent) return false
  if (it.asked) return true
  if (it.final) return it.failures === 0 || it.retryPauseOver
  if (!it.periodic) return false
  if (!it.completed && it.running === 0 && (it.failures === 0 || it.retryPauseOver)) return true
  return it.intervalOver && it.minPauseOver
}
