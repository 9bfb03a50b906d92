import type { Subscription } from 'rxjs'
import type { CheckpointRequest, SourceAttempt } from '../../checkpoint/SourceAttempt.js'
import { type KafkaSourceState, kafkaSourceState } from '../enumerator/KafkaSourceEnumState.js'
import type { PublishedSplits } from './PublishedSplits.js'
import type { SourceCommits } from './SourceCommits.js'

/** What barriers are made of, and who is concerned. */
export interface SourceBarriersContext {
  /** undefined: the source takes part in no checkpoints */
  readonly attempt: SourceAttempt | undefined
  readonly splits: { readonly state: KafkaSourceState }
  readonly commits: Pick<SourceCommits, 'commit'>
  readonly output: Pick<PublishedSplits<unknown>, 'parts' | 'barrier'>
  /** What ends with the source. */
  readonly work: Subscription
  /** The checkpoint that the stream ends with is complete. */
  readonly onLast: () => void
}

/** A source's part in checkpoints while it reads: what is asked of it, and the barriers that answer. */
export class SourceBarriers {
  constructor(private readonly context: SourceBarriersContext) {}

  /** What the coordinator asks for, as long as that has not been answered. */
  pending(): CheckpointRequest | undefined {
    return this.context.attempt?.pending()
  }

  /** The positions and the barrier belong to one turn: nothing is read in between. */
  send(request: CheckpointRequest): void {
    const { attempt, splits, commits, output, work, onLast } = this.context
    if (attempt === undefined) return
    const noted = splits.state
    const offsets = noted.splits.map(({ topicPartition, startingOffset }) => [topicPartition, startingOffset] as const)
    const barriers = attempt.barriers(request, kafkaSourceState.encode(noted), output.parts())
    output.barrier(barriers)
    work.add(
      barriers[0]!.outcome$.subscribe(({ _tag }) => {
        // When the last one is aborted, the coordinator asks again.
        if (_tag === 'aborted') return
        commits.commit(offsets)
        if (request.end !== undefined) onLast()
      }),
    )
  }
}
