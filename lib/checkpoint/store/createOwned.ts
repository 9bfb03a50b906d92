import { hostname } from 'node:os'
import { result, type Step } from '../../scheduling/coroutine.js'
import { ownedFile, toText, verdictFile } from './CheckpointFile.js'
import type { CheckpointStorage } from './CheckpointStorage.js'
import { keysOfAttempt } from './storeKeys.js'

/**
 * Creates a key for an attempt; false when somebody else has it. A storage may have created it and lost the answer, and a client of
 * it may have asked again by itself: so "it is there already" is no verdict before its text has been read and compared.
 *
 * @param writer who creates it
 */
export function* createOwned(
  storage: CheckpointStorage,
  key: string,
  attempt: string,
  writer = writerId(),
): Generator<Step, boolean> {
  return yield* createOnce(storage, key, toText(ownedFile, { attempt, writer, host: hostname(), pid: process.pid }))
}

/** Whoever creates it first decides whether the attempt has taken over; false when somebody else has decided. */
export function* decide(
  storage: CheckpointStorage,
  attempt: string,
  verdict: { readonly taken: boolean; readonly by: string },
): Generator<Step, boolean> {
  return yield* createOnce(
    storage,
    keysOfAttempt(attempt).verdict,
    toText(verdictFile, { ...verdict, writer: writerId() }),
  )
}

/** What tells one writer from all others. */
export const writerId = (): string => Math.random().toString(36).slice(2)

function* createOnce(storage: CheckpointStorage, key: string, text: string): Generator<Step, boolean> {
  if (yield* result(storage.create(key, text))) return true
  return (yield* result(storage.read(key))) === text
}
