import type { KafkaAdmin } from '../../client/KafkaAdmin.js'
import { StandstillWatch } from '../../standstill/StandstillWatch.js'
import { Boundedness } from '../Boundedness.js'
import type { KafkaPartitionSplitState } from '../split/KafkaPartitionSplitState.js'
import { eventTimeHeld } from './eventTimeHeld.js'
import { heldBack } from './heldBack.js'
import type { PipelineParts } from './PipelineParts.js'
import type { ReaderContext } from './ReaderContext.js'
import { unacknowledged } from './unacknowledged.js'
import { withoutCheckpoint } from './withoutCheckpoint.js'

/** What is looked at; there may be nothing yet. */
export interface WatchedReader {
  readonly splits: () => readonly KafkaPartitionSplitState[]
  readonly admin: () => KafkaAdmin | undefined
  /** since when records wait for a first checkpoint */
  readonly heldSince: () => number | undefined
  /** the pipeline behind */
  readonly parts: PipelineParts
}

/** Tells when a source does not move: by its pipeline, for want of a first checkpoint, by an open transaction, or in event time. */
export const readerWatch = (
  { config, metrics, logger, scheduler }: Pick<ReaderContext<unknown>, 'config' | 'metrics' | 'logger' | 'scheduler'>,
  { splits, admin, heldSince, parts }: WatchedReader,
): StandstillWatch =>
  new StandstillWatch(
    [
      unacknowledged(splits, parts),
      withoutCheckpoint(heldSince, parts),
      heldBack(splits, admin),
      eventTimeHeld(() => parts.all, config.boundedness === Boundedness.BOUNDED, metrics.now),
    ],
    logger,
    scheduler,
  )
