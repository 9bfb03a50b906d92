import type { ProduceMetrics } from '../../metrics/ProduceMetrics.js'
import type { SpareBuilders } from './SpareBuilders.js'

/** What all producers of a client share: an exactly-once sink has a new one for each checkpoint. */
export interface SharedByProducers {
  readonly spare?: SpareBuilders | undefined
  /** where they count together; nowhere when left out */
  readonly metrics?: ProduceMetrics | undefined
}
