import { earliest } from '../../standstill/earliest.js'
import type { StandstillCondition } from '../../standstill/StandstillWatch.js'
import { duration, listed } from '../../standstill/words.js'
import type { KafkaPartitionSplitState } from '../split/KafkaPartitionSplitState.js'
import type { PipelineParts } from './PipelineParts.js'

/** How long nothing may be acknowledged before it is told, in ms. A slow batch teaches the watch to wait longer. */
const PATIENCE = 10_000

/**
 * The pipeline acknowledges nothing, so after two batches of a split nothing more of it is read: it has no end, or a part of it waits
 * for something.
 */
export const unacknowledged = (
  splits: () => readonly KafkaPartitionSplitState[],
  parts: Pick<PipelineParts, 'ended' | 'waiting'>,
): StandstillCondition => ({
  after: PATIENCE,
  learns: true,
  since: () => earliest(splits().map(({ standsSince }) => standsSince)),
  message: (ms) => {
    const standing = splits().filter(({ standsSince }) => standsSince !== undefined)
    const batches = standing.reduce((sum, { unacknowledged }) => sum + unacknowledged, 0)
    const where = standing.map(({ key, unacknowledgedOffsets: [from, to] }) => `${key} offsets ${from} to ${to - 1}`)
    return (
      `The pipeline has acknowledged nothing for ${duration(ms)}, so its source reads no further: ${batches} ` +
      `${batches === 1 ? 'batch waits' : 'batches wait'} (${listed(where)}). ${reason(parts)}`
    )
  },
  over: () => 'The pipeline acknowledges batches again, and its source reads on.',
})

const reason = ({ ended, waiting }: Pick<PipelineParts, 'ended' | 'waiting'>): string => {
  if (waiting.length > 0) return waiting.join(' ')
  return ended
    ? 'No part of the pipeline says what it waits for: look at operators of your own, which must pass every batch end on.'
    : 'The pipeline has no end that acknowledges: add sinkTo(sink) or recordsOnly(), or subscribe to records(). An end of your own ' +
        'calls acknowledge() of each batch end and barrier.'
}
