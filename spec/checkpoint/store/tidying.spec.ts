import { describe, expect, it } from '@jest/globals'
import { asapScheduler, concatMap, defer, firstValueFrom, map, Subject, throwError, timer } from 'rxjs'
import type { CheckpointStorage } from '../../../lib/checkpoint/store/CheckpointStorage.js'
import type { StoredAttempt, StoredCheckpoint } from '../../../lib/checkpoint/store/CheckpointStore.js'
import { checkpointStoreOn } from '../../../lib/checkpoint/store/checkpointStoreOn.js'
import { memoryStorage } from '../../../lib/checkpoint/store/memoryStorage.js'
import { runMarbles } from '../../../lib/testing/runMarbles.js'
import { begun } from '../support/begun.js'
import { tagged } from '../support/job.js'
import { steps } from '../support/steps.js'

const share = { parallelism: 1, subtasks: [0] }

const begin = (storage: CheckpointStorage, takeOverLater = false) =>
  firstValueFrom(checkpointStoreOn(storage).begin({ share, takeOverLater, scheduler: asapScheduler }))

const checkpoint = (checkpointId: number): StoredCheckpoint => ({
  ...{ checkpointId, timestamp: checkpointId, savepoint: false, parallelism: 1 },
  ...{ states: { source: [checkpointId] }, committed: {} },
})

const complete = (attempt: StoredAttempt, checkpointId: number) =>
  firstValueFrom(attempt.complete(checkpoint(checkpointId)))

const settle = (attempt: StoredAttempt) => firstValueFrom(attempt.ledger!.settled())

/** The numbers of attempts that have this key. */
const attemptsWith = async (storage: CheckpointStorage, key: string) =>
  (await firstValueFrom(storage.list('attempt-'))).flatMap((one) => {
    const number = /^attempt-(\d+)/.exec(one)![1]
    return one.endsWith(`/${key}`) ? [Number(number)] : []
  })

const upTo = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, n) => first + n)

describe('what a store is tidied of', () => {
  it('should not be the last 16 attempts, where they died as they became owners of transactional ids', async () => {
    const storage = memoryStorage()
    for (let n = 1; n <= 20; n++) {
      const dies = await begin(storage)
      await firstValueFrom(dies.ledger!.recordSinks([{ name: 'orders', uid: 'sink', subtaskIndex: 0 }]))
    }
    const lives = await begin(storage)
    await settle(lives)
    expect(await attemptsWith(storage, 'claim.json')).toEqual(upTo(6, 21))
  })

  it('should not be what became of the last 16 attempts that were refused and are gone', async () => {
    const storage = memoryStorage()
    const running = await begin(storage)
    for (let id = 1; id <= 27; id++) {
      const refused = await begin(storage, true)
      await firstValueFrom(refused.lease!.release())
      await complete(running, id)
    }
    const kept = await attemptsWith(storage, 'claim.json')
    const verdicts = await attemptsWith(storage, 'verdict.json')
    expect(kept).toEqual([1, 26, 27, 28])
    expect(verdicts.filter((number) => !kept.includes(number))).toEqual(upTo(10, 25))
  })

  it('should be deleted once, whatever is completed meanwhile', () => {
    runMarbles(({ expectObservable, ...helpers }) => {
      const { scheduler } = helpers
      const inner = memoryStorage()
      begun(checkpointStoreOn(inner), { share, scheduler }).complete(checkpoint(1)).subscribe()
      const deleted$ = new Subject<string>()
      const slow: CheckpointStorage = {
        ...inner,
        delete: (key) => {
          deleted$.next(key)
          return timer(10).pipe(concatMap(() => inner.delete(key)))
        },
      }
      const next = begun(checkpointStoreOn(slow), { share, scheduler })
      steps(helpers, '                -sabcd', {
        s: () => next.ledger!.settled(),
        a: () => next.complete(checkpoint(17)),
        b: () => next.complete(checkpoint(18)),
        c: () => next.complete(checkpoint(19)),
        d: () => next.complete(checkpoint(20)),
      })
      const keys$ = deleted$.pipe(map((key) => key.replace('attempt-00000', '')))
      expectObservable(keys$).toBe('   -r---------v---------1---------c---------8---------m---------7---------n', {
        ...{ r: '1/restored.json', v: '1/verdict.json', 1: '1/chk-1.json', c: '1/claim.json' },
        ...{ 8: '2/chk-18.json', m: '2/chk-18.committed.json', 7: '2/chk-17.json', n: '2/chk-17.committed.json' },
      })
    })
  })

  it('should be what the storage refused to delete for a while, behind the next checkpoint', async () => {
    const storage = memoryStorage()
    let refuses = true
    let refused = 0
    const refusing: CheckpointStorage = {
      ...storage,
      delete: (key) =>
        defer(() => (refuses ? throwError(() => new Error(`no permission, ${++refused} times`)) : storage.delete(key))),
    }
    const attempt = await begin(refusing)
    const kept = async () =>
      (await firstValueFrom(storage.list('attempt-'))).filter((key) => key.includes('/chk-')).length
    for (let id = 1; id <= 50; id++) await complete(attempt, id)
    expect(await kept()).toBe(50)
    expect(refused).toBeLessThan(60)
    refuses = false
    await complete(attempt, 51)
    expect(await kept()).toBe(2)
  })

  it('should not end a start that is about to read it', () => {
    runMarbles(({ scheduler, expectObservable }) => {
      const storage = memoryStorage()
      const running = begun(checkpointStoreOn(storage), { share, scheduler })
      running.complete(checkpoint(1)).subscribe()
      let armed = true
      const busy: CheckpointStorage = {
        ...storage,
        read: (key) => {
          if (!armed || !key.endsWith('/chk-1.json')) return storage.read(key)
          armed = false
          return timer(10).pipe(concatMap(() => storage.read(key)))
        },
      }
      const start$ = checkpointStoreOn(busy).begin({ share, scheduler })
      const stored = { s: undefined }
      expectObservable(running.complete(checkpoint(2)), '3ms ^').toBe('---(s|)', stored)
      expectObservable(running.complete(checkpoint(3)), '6ms ^').toBe('------(s|)', stored)
      expectObservable(start$.pipe(map(({ restored }) => restored?.checkpointId))).toBe('10ms (3|)', { 3: 3 })
    })
  })
})

describe('what an attempt has recorded of its sinks', () => {
  const owned = (epoch: number) => [{ name: 'job', uid: 'sink', subtaskIndex: 0, owner: { producerId: '7', epoch } }]
  it('should vouch for nothing in a store that was put back to before it', () => {
    runMarbles(({ scheduler, expectObservable }) => {
      const texts = new Map<string, string>()
      const store = checkpointStoreOn(memoryStorage(texts))
      begun(store, { share, scheduler }).complete(checkpoint(1)).subscribe()
      const older = [...texts]
      const { ledger } = begun(store, { share, scheduler })
      texts.clear()
      for (const [key, text] of older) texts.set(key, text)

      const again$ = store.begin({ share, scheduler }).pipe(concatMap((next) => next.ledger!.otherSinks()))
      expectObservable(ledger!.recordSinks(owned(3))).toBe('          (r|)', { r: undefined })
      expectObservable(ledger!.confirm(), '           1s ^').toBe('1s #', {}, tagged('StoreLost'))
      expectObservable(ledger!.recordSinks(owned(3)), '2s ^').toBe('2s #', {}, tagged('StoreLost'))
      expectObservable(again$, '                      3s ^').toBe('3s (o|)', { o: [] })
    })
  })

  it('should stay when it is superseded, and half of it is removed already', () => {
    runMarbles(({ scheduler, expectObservable }) => {
      const storage = memoryStorage()
      const store = checkpointStoreOn(storage)
      const first = begun(store, { share, scheduler })
      first.complete(checkpoint(1)).subscribe()
      const second = begun(store, { share, scheduler })
      // The order in which attempts are removed: the claim is the last to go.
      for (const key of ['restored.json', 'verdict.json']) storage.delete(`${first.attemptId}/${key}`).subscribe()

      expectObservable(first.ledger!.recordSinks(owned(3))).toBe('(r|)', { r: undefined })
      expectObservable(first.ledger!.confirm(), '     1s ^').toBe('1s #', {}, tagged('Superseded'))
      expectObservable(second.ledger!.otherSinks(), ' 2s ^').toBe('2s (o|)', { o: owned(3) })
    })
  })
})
