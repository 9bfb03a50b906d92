import type { StandstillCondition } from '../../standstill/StandstillWatch.js'
import { duration } from '../../standstill/words.js'
import type { PipelineParts } from './PipelineParts.js'

/** How long records may wait for a first checkpoint before a warning, in ms. */
const PATIENCE = 10_000

/** Records wait for a first checkpoint to be stored: see `SourceAttempt.active`. */
export const withoutCheckpoint = (
  heldSince: () => number | undefined,
  parts: Pick<PipelineParts, 'waiting'>,
): StandstillCondition => ({
  after: PATIENCE,
  learns: true,
  since: heldSince,
  message: (ms) =>
    `No record is read for ${duration(ms)}: with an exactly-once sink none leaves its source before a first checkpoint is stored, ` +
    `and none is yet. ${parts.waiting.join(' ')}`.trim(),
  over: () => 'The first checkpoint is stored, and its source reads.',
})
