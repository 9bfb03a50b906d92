import { describe, expect, it } from '@jest/globals'
import { asapScheduler, concatMap, delay, firstValueFrom, VirtualTimeScheduler } from 'rxjs'
import { checkpointStoreOn } from '../../../lib/checkpoint/store/checkpointStoreOn.js'
import type { CheckpointStore, StoredAttempt } from '../../../lib/checkpoint/store/CheckpointStore.js'
import { MemoryCheckpointStore } from '../../../lib/checkpoint/store/MemoryCheckpointStore.js'
import { memoryStorage } from '../../../lib/checkpoint/store/memoryStorage.js'

type Step = (attempt: StoredAttempt) => Promise<void>

/** A transaction is named after its sink and the checkpoint that prepared it: `a3`. */
const checkpoint =
  (checkpointId: number, ...transactions: readonly string[]): Step =>
  (attempt) => {
    const prepared: Record<string, { id: string; checkpointId: number; subtaskIndex: number }[]> = {}
    for (const id of transactions)
      (prepared[id[0]!] ??= []).push({ id, checkpointId: Number(id.slice(1)), subtaskIndex: 0 })
    return firstValueFrom(
      attempt.complete({
        ...{ checkpointId, timestamp: checkpointId, savepoint: false, parallelism: 1 },
        ...{ states: { source: [checkpointId] }, committed: {}, prepared },
      }),
    )
  }

const marked =
  (checkpointId: number, id: string): Step =>
  (attempt) =>
    firstValueFrom(attempt.markCommitted(checkpointId, id[0]!, [id]))

const begin = (store: CheckpointStore) =>
  firstValueFrom(store.begin({ share: { parallelism: 1, subtasks: [0] }, scheduler: asapScheduler }))

/** A store in which attempts have done this, one after another. */
const storeAfter = async (...attempts: readonly (readonly Step[])[]) => {
  const store = new MemoryCheckpointStore()
  for (const steps of attempts) {
    const attempt = await begin(store)
    for (const step of steps) await step(attempt)
  }
  return store
}

const newestBefore = async (store: MemoryCheckpointStore, checkpointId: number) =>
  firstValueFrom((await begin(store)).ledger!.newestBefore(0, checkpointId))

describe('what a job goes back to when a transaction is dead', () => {
  it('should be the checkpoint before it, with its marks', async () => {
    const store = await storeAfter([checkpoint(1, 'a1'), marked(1, 'a1'), checkpoint(2, 'a2', 'b2')])
    const next = await begin(store)

    expect(await firstValueFrom(next.ledger!.newestBefore(0, 2))).toEqual({ checkpointId: 1, committedAfter: false })
    expect(await firstValueFrom(next.ledger!.goBack(new Map([[0, 2]])))).toBe(true)
    expect((await begin(store)).restored).toMatchObject({ checkpointId: 1, committed: { a: ['a1'] } })
  })

  it('should be the checkpoint that the attempt before started from, when it has none before it itself', async () => {
    const store = await storeAfter([checkpoint(1, 'a1'), checkpoint(2, 'a2')], [checkpoint(17, 'a2', 'a17')])

    expect(await newestBefore(store, 17)).toEqual({ checkpointId: 2, committedAfter: false })
    expect(await newestBefore(store, 2)).toEqual({ checkpointId: 1, committedAfter: false })
    expect(await newestBefore(store, 1)).toBeUndefined()
  })

  it.each<[string, readonly Step[], readonly Step[]]>([
    [
      'in the checkpoint that prepared it',
      [checkpoint(1), checkpoint(2, 'a2', 'b2'), marked(2, 'a2')],
      [checkpoint(17, 'b2')],
    ],
    [
      'in one that nothing starts from any more',
      [checkpoint(1), checkpoint(2, 'a2', 'b2'), marked(2, 'a2'), checkpoint(3, 'b2')],
      [checkpoint(17, 'b2')],
    ],
    [
      'in what an attempt started from, before it had a checkpoint of its own',
      [checkpoint(1), checkpoint(2, 'a2', 'b2')],
      [marked(2, 'a2'), checkpoint(17, 'b2')],
    ],
  ])('should not be what a visible transaction comes after, marked %s', async (_, first, second) => {
    expect(await newestBefore(await storeAfter(first, second), 2)).toEqual({ checkpointId: 1, committedAfter: true })
  })

  it('should be nothing for an attempt that has a checkpoint of its own: others may rest on it', async () => {
    const store = await storeAfter([checkpoint(1, 'a1'), checkpoint(2, 'a2')])
    const next = await begin(store)
    await checkpoint(17, 'a2')(next)

    expect(await firstValueFrom(next.ledger!.newestBefore(0, 2))).toBeUndefined()
    expect(await firstValueFrom(next.ledger!.goBack(new Map([[0, 2]])))).toBe(false)
    expect((await begin(store)).restored).toMatchObject({ checkpointId: 17 })
  })

  it.each([
    ['some', [0], false],
    ['all', [0, 1], true],
  ])(
    'should, with another parallelism, be open only to a process that has all subtasks: it has %s',
    async (_, subtasks, may) => {
      const store = await storeAfter([checkpoint(1, 'a1'), checkpoint(2, 'a2')])
      const share = { parallelism: 2, subtasks }
      const next = await firstValueFrom(store.begin({ share, scheduler: asapScheduler }))

      const before = await firstValueFrom(next.ledger!.newestBefore(0, 2))
      expect(before).toEqual(may ? { checkpointId: 1, committedAfter: false } : undefined)
      expect(await firstValueFrom(next.ledger!.goBack(new Map([[0, 2]])))).toBe(may)
      const after = await firstValueFrom(store.begin({ share, scheduler: asapScheduler }))
      expect(after.restored).toMatchObject({ checkpointId: may ? 1 : 2 })
    },
  )

  it('should be known soon, however many checkpoints wait for the transaction, and however slow the store is', async () => {
    const storage = memoryStorage()
    const attempt = await begin(checkpointStoreOn(storage))
    await checkpoint(1)(attempt)
    for (let id = 2; id <= 200; id++) await checkpoint(id, 'a2', 'b2')(attempt)
    await marked(200, 'b2')(attempt)

    const scheduler = new VirtualTimeScheduler()
    const slow = { ...storage, read: (key: string) => storage.read(key).pipe(delay(10, scheduler)) }
    let began = Infinity
    let found: unknown
    checkpointStoreOn(slow)
      .begin({ share: { parallelism: 1, subtasks: [0] }, scheduler })
      .pipe(
        concatMap(({ ledger }) => {
          began = scheduler.now()
          return ledger!.newestBefore(0, 2)
        }),
      )
      .subscribe((earlier) => (found = earlier))
    scheduler.flush()
    expect(found).toEqual({ checkpointId: 1, committedAfter: true })
    // One after another, 200 checkpoints and their marks would take 4 s.
    expect(scheduler.now() - began).toBeLessThan(400)
  })
})
