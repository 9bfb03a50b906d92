/** What decides when the next checkpoint starts. Times in ms. */
export interface TriggerSituation {
  /** 0: no checkpoints but those that are asked for */
  readonly interval: number
  readonly minPause: number
  readonly maxConcurrent: number
  /** every source that joined has resolved where it starts */
  readonly ready: boolean
  /** checkpoints on their way */
  readonly running: number
  /** one of them is the last of a source: nothing may overtake it, since that source answers no more */
  readonly ending: boolean
  /** `trigger()` was called */
  readonly asked: boolean
  /** a source is done, or the job is to stop */
  readonly final: boolean
  /** a checkpoint of this attempt has completed */
  readonly completed: boolean
  /** failures since then */
  readonly failures: number
  readonly lastStart: number
  readonly lastEnd: number
}

/** How long a last checkpoint waits after a failure, so that a broken store is not asked in a hot loop. */
const retryPause = 1_000

/**
 * When the next checkpoint starts (a time in the past means at once); undefined: not before something else happens.
 *
 * The first one is not waited for, so that a crash does not resolve the starting offsets again; the last one and those asked
 * for wait for no pause.
 */
export const nextCheckpointAt = (it: TriggerSituation): number | undefined => {
  if (!it.ready || it.ending || it.running >= it.maxConcurrent) return undefined
  if (it.asked) return -Infinity
  if (it.final) return it.failures === 0 ? -Infinity : it.lastEnd + retryPause
  if (it.interval === 0) return undefined
  if (!it.completed && it.failures === 0 && it.running === 0) return -Infinity
  return Math.max(it.lastStart + it.interval, it.lastEnd + it.minPause)
}
