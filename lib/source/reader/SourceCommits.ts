import { interval, of, type Observable } from 'rxjs'
import type { KafkaAdmin } from '../../client/KafkaAdmin.js'
import type { Offset } from '../../client/Offset.js'
import type { TopicPartition } from '../../client/TopicPartition.js'
import type { KafkaSourceConfig } from '../KafkaSourceConfig.js'
import { OffsetCommitter } from './OffsetCommitter.js'
import type { ReaderContext } from './ReaderContext.js'

type Positions = readonly (readonly [TopicPartition, Offset])[]

/** What commits of a source are made with. */
export interface SourceCommitsContext extends Pick<
  ReaderContext<unknown>,
  'metrics' | 'logger' | 'scheduler' | 'work'
> {
  readonly config: Pick<KafkaSourceConfig<unknown>, 'consumer'>
  readonly admin: KafkaAdmin
  /** The source takes part in checkpoints. */
  readonly checkpointed: boolean
}

/**
 * When a source commits its offsets to its group: with each completed checkpoint (`commit.offsets.on.checkpoint`); without checkpoints each
 * `auto.commit.interval.ms` (`enable.auto.commit`), and at its end; or never, as without a group.
 */
export class SourceCommits {
  private readonly committer: OffsetCommitter | undefined
  private readonly automatic: boolean

  /** @param acknowledged how far the pipeline has come by now */
  constructor(
    { config, admin, checkpointed, metrics, logger, scheduler, work }: SourceCommitsContext,
    private readonly acknowledged: () => Positions,
  ) {
    const { groupId, commitOffsetsOnCheckpoint, enableAutoCommit, autoCommitIntervalMs } = config.consumer
    if (checkpointed && groupId !== undefined && !commitOffsetsOnCheckpoint)
      logger.warn(
        'Offset commit on checkpoint is disabled. Consuming offset will not be reported back to Kafka cluster.',
      )
    const commits = checkpointed ? commitOffsetsOnCheckpoint : enableAutoCommit
    this.committer = groupId !== undefined && commits ? new OffsetCommitter(admin, groupId, metrics, logger) : undefined
    this.automatic = this.committer !== undefined && !checkpointed
    if (this.automatic)
      work.add(interval(autoCommitIntervalMs, scheduler).subscribe(() => this.committer?.commit(acknowledged())))
    work.add(() => this.committer?.close())
  }

  /** A checkpoint with these positions is complete. */
  commit(positions: Positions): void {
    this.committer?.commit(positions)
  }

  /**
   * The source has ended without checkpoints: what the pipeline has acknowledged is committed.
   *
   * @param all it has acknowledged everything
   * @returns false when that has to be waited for, since the rest would not be committed
   */
  commitRest(all: boolean): boolean {
    if (!this.automatic) return true
    if (all) this.committer?.commit(this.acknowledged())
    return all
  }

  /** Emits once, when no commit is on its way. */
  get idle$(): Observable<unknown> {
    return this.committer?.idle$ ?? of(undefined)
  }
}
