import { result, type Step } from '../../scheduling/coroutine.js'
import type { CheckpointStorage } from './CheckpointStorage.js'
import type { StoreReader } from './StoreReader.js'
import { blockKey, highestNumber } from './storeKeys.js'

/** With more attempts that were refused than so many they are removed: each list has them, and some process may try again and again. */
export const REFUSED_ATTEMPTS = 8

/** Of so many attempts that were refused it is remembered, should they be stopped and wake. */
const REMEMBERED_VERDICTS = 16

/**
 * Removes what attempts have left that were refused, that died in the middle of their removal, or that wrote after it; and the ids that
 * they had reserved. What is left lying costs room, no more, so errors do not count.
 */
export function* removeStray(storage: CheckpointStorage, reader: StoreReader): Generator<Step, void> {
  try {
    // In this order: what comes between is of an attempt that is there at the end.
    const blocks = yield* reader.blocks()
    const keys = yield* result(storage.list('attempt-'))
    const existing = yield* reader.attempts()
    const active = existing.filter((attempt) => attempt.active)
    for (const key of needless(keys, new Set(existing.map(({ folder }) => folder)), active))
      yield* result(storage.delete(key))
    const names = new Set(existing.map(({ name }) => name))
    for (const block of blocks.slice(0, -1))
      if (block.owner !== undefined && !names.has(block.owner)) yield* result(storage.delete(blockKey(block)))
  } catch {
    // The next attempt tidies again.
  }
}

/** In the order of their removal: what was refused stays so until its claim is gone. */
const needless = (
  keys: readonly string[],
  folders: ReadonlySet<string>,
  active: readonly { readonly number: number }[],
): readonly string[] => {
  // The highest number must stay taken.
  const highest = highestNumber(keys)
  const stray = keys.filter((key) => {
    const folder = key.slice(0, Math.max(0, key.indexOf('/')))
    return folder !== '' && !folders.has(folder) && highestNumber([key]) < highest
  })
  // A refused one that wakes must not be taken for one that has begun: its verdict stays until all others are newer, or many are.
  const oldest = Math.min(...active.map(({ number }) => number))
  const remembered = stray
    .filter((key) => isVerdict(key) && highestNumber([key]) > oldest)
    .sort((a, b) => highestNumber([b]) - highestNumber([a]))
    .slice(0, REMEMBERED_VERDICTS)
  return stray.filter((key) => !remembered.includes(key)).sort((a, b) => Number(isVerdict(a)) - Number(isVerdict(b)))
}

const isVerdict = (key: string): boolean => key.endsWith('/verdict.json')
