import { describe, it } from '@jest/globals'
import { EMPTY, of, Subject, Subscription, throwError } from 'rxjs'
import { CheckpointIds } from '../../../lib/checkpoint/attempt/CheckpointIds.js'
import { ReservedIds } from '../../../lib/checkpoint/attempt/ReservedIds.js'
import type { AttemptLedger, IdBlock } from '../../../lib/checkpoint/store/AttemptLedger.js'
import { runMarbles } from '../../../lib/testing/runMarbles.js'
import { steps } from '../support/steps.js'

/** Ids of four blocks, and which of them the store was told to forget: by their first ids. */
const reserved = () => {
  const told$ = new Subject<readonly number[]>()
  const store = { fails: false }
  let first = -15
  const ledger: AttemptLedger = {
    ...{ mayReplace: false, first: true },
    reserve: () => of({ first: (first += 16), last: first + 15 }),
    release: (blocks: readonly IdBlock[]) => {
      told$.next(blocks.map((block) => block.first))
      return store.fails ? throwError(() => new Error('EIO')) : of(undefined)
    },
    ...{ takeOver: () => of([]), confirm: () => EMPTY, otherSinks: () => of([]), recordSinks: () => EMPTY },
    ...{ settled: () => EMPTY, newestBefore: () => of(undefined), goBack: () => of(false) },
  }
  const ids = new ReservedIds(ledger)
  const listener = { onReserved: () => undefined, onFailure: () => undefined }
  const checkpointIds = new CheckpointIds(ids, ledger, 64, new Subscription(), listener)
  checkpointIds.fill(0)
  return { told$, store, release: checkpointIds.release.bind(checkpointIds) }
}

describe('CheckpointIds', () => {
  it('should give back the blocks below the checkpoints that no sink uses a number of, each once', () => {
    runMarbles(({ expectObservable, ...helpers }) => {
      const { told$, release } = reserved()
      steps(helpers, '              -abcdef', {
        a: () => release(32, []),
        b: () => release(33, []),
        c: () => release(64, [{ first: 48, last: 50 }]),
        d: () => release(64, [{ first: 50, last: 50 }]),
        e: () => release(64, [{ first: 64, last: 64 }]),
        f: () => release(80, []),
      })
      expectObservable(told$).toBe('-xy-z', { x: [1], y: [17], z: [33] })
    })
  })

  it('should give back with the next ones what the store has failed to forget', () => {
    runMarbles(({ expectObservable, ...helpers }) => {
      const { told$, store, release } = reserved()
      steps(helpers, '              -fabgcd', {
        f: () => void (store.fails = true),
        a: () => release(17, []),
        b: () => release(18, []),
        g: () => void (store.fails = false),
        c: () => release(33, []),
        d: () => release(49, []),
      })
      expectObservable(told$).toBe('--x--yz', { x: [1], y: [1, 17], z: [33] })
    })
  })
})
