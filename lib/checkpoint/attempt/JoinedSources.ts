import { CheckpointError } from '../CheckpointError.js'
import { duplicateSource } from '../jobErrors.js'
import type { JoinedSource } from './JoinedSource.js'
import { type JobShare, shareOf } from '../JobShare.js'
import { keyOf, type SubtaskKey } from '../SubtaskKey.js'
import type { CheckpointedSource } from '../SourceAttempt.js'

/** Who takes part in an attempt. */
export class JoinedSources {
  private readonly sources = new Map<string, JoinedSource>()
  /** the subtasks that the attempt has begun with */
  private share: JobShare | undefined
  private readonly seen = new Set<number>()
  /** the subtasks of which a source has left, by how: at its end, or before */
  private readonly ended = new Set<number>()
  private readonly broken = new Set<number>()

  get all(): readonly JoinedSource[] {
    return [...this.sources.values()]
  }

  /** Those that have not had their last checkpoint. */
  get members(): readonly JoinedSource[] {
    return this.all.filter(({ ended }) => !ended)
  }

  get empty(): boolean {
    return this.sources.size === 0
  }

  /** All have resolved where they start, those that come back later too: a checkpoint would forget the others. */
  get ready(): boolean {
    const { members, share } = this
    return (
      members.length > 0 &&
      members.every(({ ready }) => ready) &&
      share?.subtasks.every((subtask) => this.seen.has(subtask)) === true
    )
  }

  /** The subtasks that are over: they need not come back, and what they left counts for the attempts that follow. */
  get finished(): readonly number[] {
    return [...this.ended].filter((subtask) => !this.broken.has(subtask))
  }

  /** Who waits in the pipelines behind them, as sentences. */
  get waiting(): readonly string[] {
    return [...new Set(this.all.flatMap(({ source }) => source.waiting?.() ?? []))]
  }

  /** Why it cannot join; undefined when it can. */
  refuse(source: CheckpointedSource): CheckpointError | undefined {
    if (this.sources.has(keyOf(source))) return duplicateSource(source)
    const { share } = this
    if (share === undefined) return undefined
    return share.parallelism === source.parallelism && share.subtasks.includes(source.subtaskIndex)
      ? undefined
      : lateSubtask(source, share)
  }

  add(joined: JoinedSource): void {
    this.sources.set(keyOf(joined.source), joined)
    this.seen.add(joined.source.subtaskIndex)
    this.ended.delete(joined.source.subtaskIndex)
  }

  /** False when it is not among them. */
  remove(joined: JoinedSource): boolean {
    const key = keyOf(joined.source)
    if (this.sources.get(key) !== joined) return false
    const left = joined.ended ? this.ended : this.broken
    left.add(joined.source.subtaskIndex)
    return this.sources.delete(key)
  }

  /**
   * The subtasks of this attempt, from here on: of those who have joined, and of the attempt before, since they may come back
   * one after the other, but for those that have finished. Throws a `Config` error when they cannot be one job.
   */
  begin(before: JobShare | undefined, finished: readonly number[]): JobShare {
    const joined = shareOf(this.all.map(({ source }) => source))
    const former = before?.parallelism === joined.parallelism ? before.subtasks : []
    for (const subtask of finished) {
      if (!former.includes(subtask) || this.seen.has(subtask)) continue
      this.seen.add(subtask)
      this.ended.add(subtask)
    }
    const subtasks = [...new Set([...joined.subtasks, ...former])].sort((a, b) => a - b)
    this.share = { parallelism: joined.parallelism, subtasks }
    return this.share
  }
}

const lateSubtask = (
  { uid, subtaskIndex, parallelism }: SubtaskKey & { readonly parallelism: number },
  share: JobShare,
): CheckpointError =>
  new CheckpointError(
    'Config',
    `The source "${uid}" (subtask ${subtaskIndex} of ${parallelism}) came when the attempt had begun with subtask ` +
      `${share.subtasks.join(', ')} of ${share.parallelism}. Subscribe to all subtasks of one coordinator at once, as merge does, or ` +
      'give each a coordinator of its own over the same store.',
  )
