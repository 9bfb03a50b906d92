import { storeLost, superseded } from './attemptErrors.js'
import { conflict, type JobShare, nameOfShare, shareNamed } from '../JobShare.js'

/** An attempt among those of a store. */
export interface AttemptClaim {
  readonly number: number
  readonly share: JobShare
}

/**
 * `attempt-000007`, or `attempt-000007-subtasks-0,1-of-4` for a part of a job: the claim is in the name, so it is there as soon
 * as the attempt is.
 */
export const attemptName = ({ number, share }: AttemptClaim): string => {
  const name = `attempt-${String(number).padStart(6, '0')}`
  return share.parallelism === 1 ? name : `${name}-${nameOfShare(share)}`
}

/** Reads `attemptName`; undefined when it is none. */
export const attemptNamed = (name: string): AttemptClaim | undefined => {
  const [, number, share = 'subtasks-0-of-1'] = /^attempt-(\d+)(?:-([^.]+))?$/.exec(name) ?? []
  const claimed = shareNamed(share)
  return number === undefined || claimed === undefined ? undefined : { number: Number(number), share: claimed }
}

/** Newest first. Two that began at once may have one number: then it matters only that everybody sees them in one order. */
export const byAge = (a: AttemptClaim, b: AttemptClaim): number => {
  const [nameOfA, nameOfB] = [attemptName(a), attemptName(b)]
  return b.number - a.number || Number(nameOfA < nameOfB) - Number(nameOfB < nameOfA)
}

/** Whether `newer` began later, and both cannot run at the same time. */
export const supersedes = (newer: AttemptClaim, older: AttemptClaim): boolean =>
  byAge(newer, older) < 0 && conflict(newer.share, older.share)

/**
 * Those that must be silent before an attempt with this share may begin: the newest ones, when their parallelism is another.
 * Older ones have been superseded by them.
 *
 * @param all newest first
 */
export const rivalsOf = <A extends AttemptClaim>({ parallelism }: JobShare, all: readonly A[]): readonly A[] => {
  const newest = all[0]?.share.parallelism
  if (newest === parallelism) return []
  const end = all.findIndex(({ share }) => share.parallelism !== newest)
  return end < 0 ? all : all.slice(0, end)
}

type ListedAttempt = AttemptClaim & { readonly active: boolean }

/**
 * The newest attempt that has taken over from this one; undefined when none has.
 *
 * @param all newest first
 */
export const successorIn = <A extends ListedAttempt>(own: AttemptClaim, all: readonly A[]): A | undefined =>
  all.find((other) => other.active && supersedes(other, own))

/** Throws `Superseded` when an attempt has taken over from this one. @param all newest first */
export const checkNotSuperseded = (own: AttemptClaim, all: readonly ListedAttempt[]): void => {
  const newer = successorIn(own, all)
  if (newer !== undefined) throw superseded(attemptName(own), attemptName(newer))
}

/** The same, and `StoreLost` when this one is not among them. @param all newest first */
export const checkNotOvertaken = (own: AttemptClaim, all: readonly ListedAttempt[]): void => {
  checkNotSuperseded(own, all)
  if (!all.some((other) => byAge(other, own) === 0)) throw storeLost(attemptName(own))
}
