import { type AttemptClaim, attemptName, attemptNamed, byAge } from './AttemptOrder.js'
import type { IdBlock } from './AttemptLedger.js'

/**
 * The keys of a store:
 *
 * - `attempt-000007/claim.json`: makes the attempt exist (see `attemptName`). Created first, deleted last.
 * - `attempt-000007/restored.json`: what it started from, whole.
 * - `attempt-000007/chk-<id>.json`: its checkpoints.
 * - `attempt-000007/chk-<id>.committed.json`, `…/restored.committed.json`: committables known to be committed.
 * - `attempt-000007/sinks.json`: its two-phase sinks, with the owners of their transactional ids.
 * - `attempt-000007/settled.json`: all transactions of the attempts before have been ended.
 * - `attempt-000007/verdict.json`: whether it has taken over. Created by itself, or by the attempt before, which has waited too long.
 * - `attempt-000007/lease.json`: changes as long as the attempt lives, and goes when it ends.
 * - `ids/<first>-<last>.json`: a block of ids, and the attempt that has reserved it.
 * - `rescaled/<newest former attempt>-to-<parallelism>.json`: what all subtasks of a new parallelism start from.
 * - `savepoints/savepoint-<attempt>-<id>.json`: checkpoints that stay until somebody deletes them.
 * - `writable.json`: says nothing. It is written where many attempts have failed to begin, before another one is claimed.
 */
export const keysOfAttempt = (folder: string) => ({
  claim: `${folder}/claim.json`,
  restored: `${folder}/restored.json`,
  sinks: `${folder}/sinks.json`,
  settled: `${folder}/settled.json`,
  verdict: `${folder}/verdict.json`,
  lease: `${folder}/lease.json`,
  checkpoint: (id: number) => `${folder}/chk-${id}.json`,
  /** @param id undefined: of the restored checkpoint */
  committed: (id: number | undefined) => `${folder}/${id === undefined ? 'restored' : `chk-${id}`}.committed.json`,
})

export const WRITABLE_KEY = 'writable.json'

export const savepointKey = (attempt: AttemptClaim, checkpointId: number): string =>
  `savepoints/savepoint-${attempt.number}-${checkpointId}.json`

export const rescaledKey = (newestFormer: AttemptClaim, parallelism: number): string =>
  `rescaled/${attemptName(newestFormer)}-to-${parallelism}.json`

/** How many ids an attempt reserves at a time: a call of the store in so many checkpoints, and at most twice as many to look at. */
const BLOCK_SIZE = 16

/** The first block above all ids up to `top`. */
export const blockAbove = (top: number): IdBlock => {
  const first = Math.ceil(top / BLOCK_SIZE) * BLOCK_SIZE + 1
  return { first, last: first + BLOCK_SIZE - 1 }
}

export const blockKey = ({ first, last }: IdBlock): string => `ids/${first}-${last}.json`

/** The reserved blocks, in their order. */
export const blocksIn = (keys: readonly string[]): readonly IdBlock[] =>
  keys
    .flatMap((key) => {
      const [, first, last] = /^ids\/(\d+)-(\d+)\.json$/.exec(key) ?? []
      return first === undefined ? [] : [{ first: Number(first), last: Number(last) }]
    })
    .sort((a, b) => a.first - b.first)

/** An attempt that exists in a store. */
export interface AttemptEntry extends AttemptClaim {
  readonly name: string
  /** its name, or what release 0.1 made of it when the parallelism was changed */
  readonly folder: string
  readonly keys: readonly string[]
  /** It has taken over, or was refused that. Until then it is pending, and supersedes no one. */
  readonly decided: boolean
  /** It may be alive: its lease is not released. */
  readonly leased: boolean
  /** It has written what it started from: it can be restored from. */
  readonly begun: boolean
  /** All transactions of the attempts before have been ended. */
  readonly settled: boolean
  /** It may have opened a transaction: its sinks are recorded before they do. */
  readonly hasSinks: boolean
  /** newest first */
  readonly checkpointIds: readonly number[]
  /** Written by release 0.1, which recorded no ids. */
  readonly unrecorded: boolean
}

/** The attempts that there are keys of, newest first, refused ones among them. A folder without a claim is none, but for those of release 0.1, which had no claims. */
export const attemptsIn = (keys: readonly string[]): readonly AttemptEntry[] => {
  const folders = new Map<string, string[]>()
  for (const key of keys) {
    const end = key.indexOf('/')
    if (end < 0) continue
    const folder = key.slice(0, end)
    folders.set(folder, [...(folders.get(folder) ?? []), key])
  }
  return [...folders].flatMap(([folder, own]) => entryOf(folder, own)).sort(byAge)
}

const entryOf = (folder: string, keys: readonly string[]): readonly AttemptEntry[] => {
  const claim = attemptNamed(folder.replace(/\.closed$/, ''))
  if (claim === undefined) return []
  const names = keysOfAttempt(folder)
  const begun = keys.includes(names.restored)
  const claimed = keys.includes(names.claim)
  if (!begun && !claimed) return []
  // What an attempt has written that was refused and tidied away, and did not know.
  if (!claimed && keys.includes(names.verdict)) return []
  const checkpointIds = keys
    .flatMap((key) => /\/chk-(\d+)\.json$/.exec(key)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => b - a)
  return [
    {
      ...{ ...claim, name: attemptName(claim), folder, keys, begun, checkpointIds },
      settled: keys.includes(names.settled),
      hasSinks: keys.includes(names.sinks),
      // Release 0.1 knew no verdict: its attempts took over as they began.
      decided: keys.includes(names.verdict) || !claimed,
      leased: keys.includes(names.lease),
      unrecorded: !claimed,
    },
  ]
}

/** The highest number that any name of an attempt has, of whatever is left of it. */
export const highestNumber = (keys: readonly string[]): number =>
  keys.reduce((highest, key) => {
    const claim = attemptNamed((key.split('/')[0] ?? '').replace(/\.closed$/, ''))
    return Math.max(highest, claim?.number ?? 0)
  }, 0)
