import { describe, expect, it } from '@jest/globals'
import { EMPTY, of, Subscription, throwError } from 'rxjs'
import { CheckpointIds } from '../../../lib/checkpoint/attempt/CheckpointIds.js'
import { ReservedIds } from '../../../lib/checkpoint/attempt/ReservedIds.js'
import type { AttemptLedger, IdBlock } from '../../../lib/checkpoint/store/AttemptLedger.js'

/** Ids of four blocks, and which of them the store was told to forget. */
const reserved = () => {
  const told: (readonly number[])[] = []
  const store = { fails: false }
  let first = -15
  const ledger: AttemptLedger = {
    ...{ mayReplace: false, first: true },
    reserve: () => of({ first: (first += 16), last: first + 15 }),
    release: (blocks: readonly IdBlock[]) => {
      told.push(blocks.map((block) => block.first))
      return store.fails ? throwError(() => new Error('EIO')) : of(undefined)
    },
    ...{ takeOver: () => of([]), confirm: () => EMPTY, otherSinks: () => of([]), recordSinks: () => EMPTY },
    ...{ settled: () => EMPTY, newestBefore: () => of(undefined), goBack: () => of(false) },
  }
  const ids = new ReservedIds(ledger)
  const listener = { onReserved: () => undefined, onFailure: () => undefined }
  const checkpointIds = new CheckpointIds(ids, ledger, 64, new Subscription(), listener)
  checkpointIds.fill(0)
  return { told, store, release: checkpointIds.release.bind(checkpointIds) }
}

describe('CheckpointIds', () => {
  it('should give back the blocks below the checkpoints that no sink uses a number of, each once', () => {
    const { told, release } = reserved()
    release(32, [])
    release(33, [])
    release(64, [{ first: 48, last: 50 }])
    release(64, [{ first: 50, last: 50 }])
    release(64, [{ first: 64, last: 64 }])
    release(80, [])
    expect(told).toEqual([[1], [17], [33]])
  })

  it('should give back with the next ones what the store has failed to forget', () => {
    const { told, store, release } = reserved()
    store.fails = true
    release(17, [])
    release(18, [])
    store.fails = false
    release(33, [])
    release(49, [])
    expect(told).toEqual([[1], [1, 17], [33]])
  })
})
