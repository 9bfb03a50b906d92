import type { TimeWindow } from './TimeWindow.js'

/** Says which windows a record belongs to. Ready ones: tumbling, sliding, session; or your own. */
export interface WindowAssigner {
  /** The windows of a record with this event time (ms). */
  assignWindows(timestamp: number): readonly TimeWindow[]
  /** Windows of a key that touch become one, as sessions do. */
  readonly merging?: boolean | undefined
}
