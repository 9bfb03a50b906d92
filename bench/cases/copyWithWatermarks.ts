import { WatermarkStrategy } from '../../lib/index.js'
import { exactlyOnceCopy } from './exactlyOnceCopy.js'

/** Watermarks of four splits, idleness, and their combination, all in the source. */
export const run = exactlyOnceCopy(WatermarkStrategy.forBoundedOutOfOrderness<string>(5_000).withIdleness(10_000))
