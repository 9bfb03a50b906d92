import { describe, expect, it } from '@jest/globals'
import { asapScheduler, concatMap, defer, firstValueFrom, from, Subject, take, throwError } from 'rxjs'
import type { CheckpointStorage } from '../../../lib/checkpoint/store/CheckpointStorage.js'
import type { StoredAttempt } from '../../../lib/checkpoint/store/CheckpointStore.js'
import { checkpointStoreOn } from '../../../lib/checkpoint/store/checkpointStoreOn.js'
import { memoryStorage } from '../../../lib/checkpoint/store/memoryStorage.js'

const share = { parallelism: 1, subtasks: [0] }

const begin = (storage: CheckpointStorage, takeOverLater = false) =>
  firstValueFrom(checkpointStoreOn(storage).begin({ share, takeOverLater, scheduler: asapScheduler }))

const complete = (attempt: StoredAttempt, checkpointId: number) =>
  firstValueFrom(
    attempt.complete({
      ...{ checkpointId, timestamp: checkpointId, savepoint: false, parallelism: 1 },
      ...{ states: { source: [checkpointId] }, committed: {} },
    }),
  )

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

  it('should be deleted once, whatever is completed meanwhile', async () => {
    const inner = memoryStorage()
    const former = await begin(inner)
    await complete(former, 1)
    const goOn = new Subject<void>()
    const deleted: string[] = []
    const slow: CheckpointStorage = {
      ...inner,
      delete: (key) => {
        deleted.push(key)
        return goOn.pipe(
          take(1),
          concatMap(() => inner.delete(key)),
        )
      },
    }
    const next = await begin(slow)
    await settle(next)
    for (const id of [17, 18, 19, 20]) await complete(next, id)
    while (goOn.observed) goOn.next()
    expect(deleted.map((key) => key.replace('attempt-00000', ''))).toEqual([
      ...['1/restored.json', '1/verdict.json', '1/chk-1.json', '1/claim.json'],
      ...['2/chk-18.json', '2/chk-18.committed.json', '2/chk-17.json', '2/chk-17.committed.json'],
    ])
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

  it('should not end a start that is about to read it', async () => {
    const storage = memoryStorage()
    const running = await begin(storage)
    await complete(running, 1)
    let armed = true
    const busy: CheckpointStorage = {
      ...storage,
      read: (key) => {
        if (!armed || !key.endsWith('/chk-1.json')) return storage.read(key)
        armed = false
        return from(complete(running, 2).then(() => complete(running, 3))).pipe(concatMap(() => storage.read(key)))
      },
    }
    expect((await begin(busy)).restored).toMatchObject({ checkpointId: 3 })
    expect(armed).toBe(false)
  })
})

describe('what an attempt has recorded of its sinks', () => {
  const owned = (epoch: number) => [{ name: 'job', uid: 'sink', subtaskIndex: 0, owner: { producerId: '7', epoch } }]
  const recordsSeenBy = (attempt: StoredAttempt) => firstValueFrom(attempt.ledger!.otherSinks())

  it('should vouch for nothing in a store that was put back to before it', async () => {
    const texts = new Map<string, string>()
    const storage = memoryStorage(texts)
    await complete(await begin(storage), 1)
    const older = [...texts]
    const second = await begin(storage)
    texts.clear()
    for (const [key, text] of older) texts.set(key, text)

    await firstValueFrom(second.ledger!.recordSinks(owned(3)))
    await expect(firstValueFrom(second.ledger!.confirm())).rejects.toMatchObject({ _tag: 'StoreLost' })
    await expect(firstValueFrom(second.ledger!.recordSinks(owned(3)))).rejects.toMatchObject({ _tag: 'StoreLost' })
    expect(await recordsSeenBy(await begin(storage))).toEqual([])
  })

  it('should stay when it is superseded, and half of it is removed already', async () => {
    const storage = memoryStorage()
    const first = await begin(storage)
    await complete(first, 1)
    const second = await begin(storage)
    // The order in which attempts are removed: the claim is the last to go.
    for (const key of ['restored.json', 'verdict.json'])
      await firstValueFrom(storage.delete(`${first.attemptId}/${key}`))

    await firstValueFrom(first.ledger!.recordSinks(owned(3)))
    await expect(firstValueFrom(first.ledger!.confirm())).rejects.toMatchObject({ _tag: 'Superseded' })
    expect(await recordsSeenBy(second)).toEqual(owned(3))
  })
})
