import type { AttemptClaim } from './AttemptOrder.js'

/** An attempt that has begun, and whether it has a checkpoint of its own. */
export interface BegunAttempt extends AttemptClaim {
  readonly checkpointed: boolean
}

/**
 * The attempts that nobody will restore from any more: those of the newest parallelism whose subtasks all have a checkpoint in a
 * newer attempt, and those of former parallelisms when every subtask of the newest has one.
 *
 * @param begun newest first
 */
export const superfluous = <A extends BegunAttempt>(begun: readonly A[]): readonly A[] => {
  const parallelism = begun[0]?.share.parallelism ?? 1
  const covered = new Set<number>()
  let current = true
  return begun.filter(({ share, checkpointed }) => {
    current &&= share.parallelism === parallelism
    if (!current) return covered.size === parallelism
    const needless = share.subtasks.every((subtask) => covered.has(subtask))
    if (checkpointed) for (const subtask of share.subtasks) covered.add(subtask)
    return needless
  })
}
