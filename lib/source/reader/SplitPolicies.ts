import { Subscription } from 'rxjs'
import type { FetchFailed } from '../../client/KafkaFetcher.js'
import { type TopicPartition, topicPartitionKey } from '../../client/TopicPartition.js'
import type { KafkaSourceEnumerator } from '../enumerator/KafkaSourceEnumerator.js'
import { earliestOffsets, latestOffsets } from '../offsets/logEnds.js'
import { SourceError } from '../SourceError.js'
import type { KafkaPartitionSplit } from '../split/KafkaPartitionSplit.js'
import { resetPosition } from './resetPosition.js'
import type { SplitReader } from './SplitReader.js'
import type { SubtaskSplitsContext } from './SubtaskSplits.js'
import { ErrorCodes } from '../../protocol/errorCodes.js'

/** What the policies do with the splits. */
export interface SplitPoliciesHost<T> {
  /** it was read from before, in this attempt or an earlier one: what is not in the log there any more is lost */
  hasBegun(split: SplitReader<T>): boolean
  drop(partition: TopicPartition): void
  /** Another split takes the place of this one, if it is still read. */
  replace(split: SplitReader<T>, by: KafkaPartitionSplit): void
  /** Does something in a turn of the loop. */
  later(act: () => void): void
}

/**
 * What becomes of a split that cannot go on where it stands: its partition is gone, its topic another one, its position not in the
 * log. What is neither is an error of the stream.
 */
export class SplitPolicies<T> {
  private readonly work = new Subscription()
  /** told as gone, and not read since */
  private readonly gone = new Set<string>()

  constructor(
    private readonly context: SubtaskSplitsContext<T>,
    private readonly enumerator: Pick<KafkaSourceEnumerator, 'anew' | 'forget'>,
    private readonly host: SplitPoliciesHost<T>,
  ) {}

  /** What a fetch could not bring. Called from outside of the loop. */
  onFailed(split: SplitReader<T>, failed: FetchFailed): void {
    const { _tag, code } = failed.error
    if (_tag === 'OffsetOutOfRange' || _tag === 'LogTruncated') this.resetOffset(split, failed)
    else if (_tag === 'TopicRecreated') this.onRecreated(split, failed)
    else if (code === ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION)
      this.host.later(() => {
        this.onRemoved(failed.topicPartition)
        split.retry()
      })
    else this.context.fail(failed.error)
  }

  /** It is there, whatever was said before. */
  onFetched({ state }: SplitReader<T>): void {
    if (this.gone.size > 0) this.gone.delete(state.key)
  }

  /** Called from the loop. */
  onRemoved(partition: TopicPartition): void {
    const { config, logger } = this.context
    const key = topicPartitionKey(partition)
    switch (config.removedPartitionsPolicy) {
      case 'keep':
        if (this.gone.has(key)) return
        this.gone.add(key)
        return logger.warn(
          `Partition ${key} is not in the cluster any more: its topic was deleted. It is read on should it come back.`,
        )
      case 'drop':
        this.enumerator.forget(partition)
        this.host.drop(partition)
        return logger.warn(`Partition ${key} is not in the cluster any more, and is dropped: its topic was deleted.`)
      case 'fail':
        throw new SourceError(
          'PartitionRemoved',
          `Partition ${key} is being read and is not in the cluster any more: its topic was deleted. Set ` +
            'setRemovedPartitionsPolicy to keep or drop if topics may be deleted.',
        )
    }
  }

  close(): void {
    this.work.unsubscribe()
  }

  private onRecreated(split: SplitReader<T>, { topicPartition, error }: FetchFailed): void {
    const { config, logger, fail } = this.context
    const { recreatedTopicPolicy: policy } = config
    if (policy === 'fail')
      return fail(
        new SourceError(
          'TopicRecreated',
          `${error.message} Set setRecreatedTopicPolicy to earliest or latest to go on with the new one, or start without the ` +
            'checkpoint.',
          error,
        ),
      )
    const starting = policy === 'earliest' ? earliestOffsets : latestOffsets
    this.work.add(
      this.enumerator.anew(topicPartition, starting).subscribe({
        next: (anew) => {
          logger.warn(`${error.message} Going on from the ${policy} offset of the new one, ${anew.startingOffset}.`)
          this.host.later(() => this.host.replace(split, anew))
        },
        error: fail,
      }),
    )
  }

  private resetOffset(split: SplitReader<T>, failed: FetchFailed): void {
    const { config, client, logger, fail } = this.context
    const policy = this.host.hasBegun(split) ? config.offsetOutOfRangePolicy : config.startOutOfRangePolicy
    this.work.add(
      resetPosition(failed, policy, client.admin, config.consumer.fetcher.isolationLevel).subscribe({
        next: (offset) => {
          logger.warn(
            `${positionOf(failed)} of ${split.state.key} is not in the log; going on from the ${placeOf(failed, policy)} offset, ${offset}.`,
          )
          split.seek(offset)
        },
        error: fail,
      }),
    )
  }
}

const positionOf = ({ error: { offset } }: FetchFailed): string =>
  offset === undefined ? 'The position' : `Offset ${offset}`

const placeOf = ({ error }: FetchFailed, policy: string): string =>
  error.divergentOffset === undefined ? policy : 'divergent'
