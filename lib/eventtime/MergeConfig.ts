import type { SchedulerLike } from 'rxjs'
import type { WatermarkHolderObserver } from './WatermarkHolder.js'

/** What a merge of streams tells of itself. */
export interface MergeConfig {
  /** Is told which input holds the watermark back, whenever anything of that changes. */
  readonly watermarkHolder$?: WatermarkHolderObserver | undefined
  /** The clock of `since`. */
  readonly scheduler?: SchedulerLike | undefined
}
