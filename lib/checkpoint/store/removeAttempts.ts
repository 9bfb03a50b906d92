import { result, type Step } from '../../scheduling/coroutine.js'
import type { CheckpointStorage } from './CheckpointStorage.js'
import type { StoreReader } from './StoreReader.js'
import { type AttemptEntry, blockKey, keysOfAttempt } from './storeKeys.js'

/**
 * Removes attempts, and the blocks of ids that they have reserved but for the newest block of all, by which the next one is found. What
 * is left lying costs room, no more, so errors do not count.
 */
export function* removeAttempts(
  storage: CheckpointStorage,
  reader: StoreReader,
  attempts: readonly AttemptEntry[],
): Generator<Step, void> {
  if (attempts.length === 0) return
  try {
    const names = new Set(attempts.map(({ name }) => name))
    for (const block of (yield* reader.blocks()).slice(0, -1))
      if (block.owner !== undefined && names.has(block.owner)) yield* result(storage.delete(blockKey(block)))
    // The claim is the last to go: without it the rest would not be found.
    for (const { folder, keys } of attempts) {
      const { claim } = keysOfAttempt(folder)
      for (const key of [...keys.filter((one) => one !== claim), claim]) yield* result(storage.delete(key))
    }
  } catch {
    // The next attempt tidies again.
  }
}
