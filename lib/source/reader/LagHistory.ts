import type { Offset, OffsetsByPartition } from '../../client/Offset.js'
import type { KafkaPartitionSplitState } from '../split/KafkaPartitionSplitState.js'

/** How far a reader is behind. */
export interface Lag {
  /** offsets; `NaN` when the brokers do not answer any more */
  readonly offsets: number
  /** it has taken over all that there was a moment ago */
  readonly caughtUp: boolean
}

/** What is said while the brokers do not answer: what is unknown is not 0. */
export const unknownLag: Lag = { offsets: NaN, caughtUp: false }

/**
 * How far splits are behind, from look to look at the ends of their logs. Caught up is a reader that has taken over all there is, or all
 * there was some looks ago: while records keep coming, some are always under way, and that is no lag.
 */
export class LagHistory {
  private readonly ends: OffsetsByPartition[] = []

  /** @param tolerance looks */
  constructor(private readonly tolerance: number) {}

  look(splits: readonly KafkaPartitionSplitState[], ends: OffsetsByPartition): Lag {
    this.ends.push(ends)
    if (this.ends.length > this.tolerance + 1) this.ends.shift()
    const [oldest = ends] = this.ends
    const offsets = behind(splits, ends, 0)
    // What was found since then was not looked at.
    return { offsets, caughtUp: offsets === 0 || behind(splits, oldest, Infinity) === 0 }
  }

  /** The brokers do not answer: what they said before is of the past. */
  forget(): void {
    this.ends.length = 0
  }
}

/** @param unknown stands for an end that is not known */
const behind = (splits: readonly KafkaPartitionSplitState[], ends: OffsetsByPartition, unknown: Offset): Offset =>
  splits.reduce((sum, split) => sum + split.lagBehind(ends.get(split.key) ?? unknown), 0)
