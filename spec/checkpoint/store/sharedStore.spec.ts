import { describe, expect, it } from '@jest/globals'
import {
  concat,
  concatMap,
  defer,
  delay,
  filter,
  firstValueFrom,
  map,
  NEVER,
  type Observable,
  type SchedulerLike,
  Subject,
  tap,
  VirtualTimeScheduler,
} from 'rxjs'
import type { CheckpointStorage } from '../../../lib/checkpoint/store/CheckpointStorage.js'
import type { CheckpointStore, StoredAttempt, StoredCheckpoint } from '../../../lib/checkpoint/store/CheckpointStore.js'
import { checkpointStoreOn } from '../../../lib/checkpoint/store/checkpointStoreOn.js'
import { FileCheckpointStore } from '../../../lib/checkpoint/store/FileCheckpointStore.js'
import { MemoryCheckpointStore } from '../../../lib/checkpoint/store/MemoryCheckpointStore.js'
import { memoryStorage } from '../../../lib/checkpoint/store/memoryStorage.js'
import { runMarbles } from '../../../lib/testing/runMarbles.js'
import { begun } from '../support/begun.js'
import { FakeDisk } from '../support/FakeDisk.js'
import { tagged } from '../support/job.js'
import { steps } from '../support/steps.js'

/** Time that passes whenever somebody waits. */
const hurried = (): SchedulerLike => {
  const scheduler = new VirtualTimeScheduler()
  return {
    now: () => scheduler.now(),
    schedule: (...args: Parameters<SchedulerLike['schedule']>) => {
      const subscription = scheduler.schedule(...args)
      setImmediate(() => scheduler.flush())
      return subscription
    },
  }
}

const begin = (store: CheckpointStore, parallelism: number, subtasks: readonly number[], after?: string) =>
  firstValueFrom(store.begin({ share: { parallelism, subtasks }, after, scheduler: hurried() }))

/** `states` by subtask; the source's state is its checkpoint's id. */
const checkpoint = (checkpointId: number, parallelism: number, subtasks: readonly number[]): StoredCheckpoint => ({
  ...{ checkpointId, timestamp: checkpointId, savepoint: false, parallelism },
  states: {
    source: Array.from({ length: parallelism }, (_, n) => (subtasks.includes(n) ? `${n}@${checkpointId}` : null)),
  },
  committed: {},
})

const settle = (attempt: StoredAttempt) => firstValueFrom(attempt.ledger!.settled())

const complete = (attempt: StoredAttempt, ...what: Parameters<typeof checkpoint>) =>
  firstValueFrom(attempt.complete(checkpoint(...what)))

describe.each([
  ['MemoryCheckpointStore', () => new MemoryCheckpointStore()],
  ['FileCheckpointStore', () => new FileCheckpointStore('/job', { files: new FakeDisk().process() })],
])('%s of several processes', (_, create) => {
  it('should let subtasks be side by side, and give each its own state', async () => {
    const store = create()
    const first = await begin(store, 3, [0])
    const second = await begin(store, 3, [1, 2])
    await complete(first, 1, 3, [0])
    await complete(second, 1, 3, [1, 2])
    await complete(first, 2, 3, [0])

    expect((await begin(store, 3, [1])).restored?.states).toEqual({ source: [null, '1@1'] })
    await complete(first, 3, 3, [0])
    await expect(complete(second, 2, 3, [1, 2])).rejects.toMatchObject({ _tag: 'Superseded' })
  })

  it('should put states together when the subtasks are dealt to other processes', async () => {
    const store = create()
    await complete(await begin(store, 3, [0]), 7, 3, [0])
    await complete(await begin(store, 3, [1, 2]), 4, 3, [1, 2])

    expect((await begin(store, 3, [0, 1, 2])).restored).toMatchObject({
      checkpointId: 7,
      states: { source: ['0@7', '1@4', '2@4'] },
    })
  })

  it('should give each process the prepared transactions of its subtasks, and all of them after a change', async () => {
    const store = create()
    const prepared = (checkpointId: number, ...subtasks: readonly number[]) => ({
      sink: subtasks.map((subtaskIndex) => ({ id: `t${subtaskIndex}@${checkpointId}`, checkpointId, subtaskIndex })),
    })
    const stored = async (id: number, subtasks: readonly number[]) =>
      firstValueFrom(
        (await begin(store, 3, subtasks)).complete({
          ...checkpoint(id, 3, subtasks),
          prepared: prepared(id, ...subtasks),
        }),
      )
    await stored(7, [0])
    await stored(4, [1, 2])
    const restored = async (parallelism: number, subtasks: readonly number[]) =>
      (await begin(store, parallelism, subtasks)).restored?.prepared?.['sink']?.map(({ id }) => id)

    expect(await restored(3, [2])).toEqual(['t2@4'])
    expect(await restored(3, [0, 1, 2])).toEqual(['t0@7', 't1@4', 't2@4'])
    expect(await restored(2, [1])).toEqual(['t0@7', 't1@4', 't2@4'])
  })

  it('should begin a subtask fresh that has never run', async () => {
    const store = create()
    await complete(await begin(store, 2, [0]), 7, 2, [0])

    expect((await begin(store, 2, [1])).restored).toBeUndefined()
  })

  it('should give every new subtask all that the former ones left, until it has a checkpoint of its own', async () => {
    const store = create()
    await complete(await begin(store, 2, [0]), 7, 2, [0])
    const old = await begin(store, 2, [1])
    await complete(old, 4, 2, [1])
    const all = { checkpointId: 7, parallelism: 2, states: { source: ['0@7', '1@4'] } }

    const first = await begin(store, 3, [0])
    expect(first.restored).toMatchObject(all)
    await expect(complete(old, 5, 2, [1])).rejects.toMatchObject({ _tag: 'Superseded' })
    await complete(first, 8, 3, [0])
    expect((await begin(store, 3, [0])).restored?.states).toEqual({ source: ['0@8'] })

    const late = await begin(store, 3, [1, 2])
    expect(late.restored).toMatchObject(all)
    await expect(begin(store, 2, [0])).rejects.toMatchObject({ _tag: 'Rescale', retriable: false })
    await complete(late, 9, 3, [1, 2])
    expect((await begin(store, 1, [0])).restored).toMatchObject({
      parallelism: 3,
      states: { source: ['0@8', '1@9', '2@9'] },
    })
  })

  it('should leave the transactions of former subtasks to one of the new ones each, until that has ended them', async () => {
    const store = create()
    const sink = (subtaskIndex: number) => ({ name: 'orders', uid: 'sink', subtaskIndex })
    for (const subtask of [0, 1, 2, 3, 4]) {
      const attempt = await begin(store, 5, [subtask])
      await firstValueFrom(attempt.ledger!.recordSinks([sink(subtask)]))
      await complete(attempt, 1, 5, [subtask])
    }
    const inherited = async (attempt: StoredAttempt) =>
      (await firstValueFrom(attempt.ledger!.takeOver())).map(
        ({ attemptId, subtasks, sinks }) => `${attemptId}: ${subtasks.join()} of ${sinks.length} sink`,
      )
    const killed = await begin(store, 2, [0])
    await firstValueFrom(killed.ledger!.recordSinks([sink(0)]))
    const first = await begin(store, 2, [0])
    expect(await inherited(first)).toEqual([
      'attempt-000006-subtasks-0-of-2: 0 of 1 sink',
      'attempt-000005-subtasks-4-of-5: 4 of 1 sink',
      'attempt-000003-subtasks-2-of-5: 2 of 1 sink',
      'attempt-000001-subtasks-0-of-5: 0 of 1 sink',
    ])
    await firstValueFrom(first.ledger!.recordSinks([sink(0)]))
    await settle(first)
    await complete(first, 2, 2, [0])
    expect(await inherited(await begin(store, 2, [0]))).toEqual(['attempt-000007-subtasks-0-of-2: 0 of 1 sink'])
    expect(await inherited(await begin(store, 2, [1]))).toEqual([
      'attempt-000004-subtasks-3-of-5: 3 of 1 sink',
      'attempt-000002-subtasks-1-of-5: 1 of 1 sink',
    ])
  })

  it('should go back to what was before when a change of the parallelism has not got to a checkpoint', async () => {
    const store = create()
    await complete(await begin(store, 1, [0]), 7, 1, [0])
    await begin(store, 2, [0])

    expect((await begin(store, 1, [0])).restored).toMatchObject({ checkpointId: 7, states: { source: ['0@7'] } })
  })

  it('should refuse another parallelism while a lease is renewed, and leave no trace', async () => {
    const store = create()
    const running = await begin(store, 2, [1])
    let renewals = 0
    const renewing: CheckpointStore = {
      begin: (request) => store.begin({ ...request!, scheduler: renewed(request!.scheduler) }),
    }
    const renewed = (scheduler: SchedulerLike): SchedulerLike =>
      ({
        now: () => scheduler.now(),
        schedule: (...args: Parameters<SchedulerLike['schedule']>) => {
          renewals++
          void firstValueFrom(running.lease!.renew()).then(() => scheduler.schedule(...args))
        },
      }) as unknown as SchedulerLike
    await firstValueFrom(running.lease!.renew())

    await expect(begin(renewing, 3, [0])).rejects.toMatchObject({
      ...{ _tag: 'Rescale', retriable: true },
      message: expect.stringContaining('attempt-000001-subtasks-1-of-2'),
    })
    expect(renewals).toBe(1)
    await complete(running, 1, 2, [1])
  })

  it('should not wait for the dead for ever, nor for who has released its lease at all', async () => {
    const store = create()
    await firstValueFrom((await begin(store, 2, [0])).lease!.renew())
    const alive = await begin(store, 3, [0])
    await firstValueFrom(alive.lease!.renew())
    await firstValueFrom(alive.lease!.release())
    const noTime = { now: () => 0, schedule: () => expect(true).toBe(false) } as unknown as SchedulerLike
    const share = { parallelism: 4, subtasks: [0] }

    expect((await firstValueFrom(store.begin({ share, scheduler: noTime }))).restored).toBeUndefined()
  })

  it('should wait for 6 s without a sign of life, also of one that has just begun', async () => {
    for (const takeOverLater of [false, true]) {
      const store = create()
      const begun = await firstValueFrom(
        store.begin({ share: { parallelism: 2, subtasks: [0] }, takeOverLater, scheduler: hurried() }),
      )
      if (!takeOverLater) await firstValueFrom(begun.lease!.renew())
      const scheduler = hurried()
      await firstValueFrom(store.begin({ share: { parallelism: 3, subtasks: [0] }, scheduler }))
      expect(scheduler.now()).toBe(6_000)
    }
  })

  it('should not wait for a process that ends before it has taken over', async () => {
    const store = create()
    const noTime = { now: () => 0, schedule: () => expect(true).toBe(false) } as unknown as SchedulerLike
    const share = { parallelism: 1, subtasks: [0] }
    const running = await firstValueFrom(store.begin({ share, scheduler: noTime }))
    await firstValueFrom(running.lease!.renew())
    const second = await firstValueFrom(store.begin({ share, takeOverLater: true, scheduler: noTime }))
    expect(second.ledger?.mayReplace).toBe(true)
    await firstValueFrom(second.lease!.release())

    await complete(running, 1, 1, [0])
    await expect(firstValueFrom(second.ledger!.takeOver())).rejects.toMatchObject({ _tag: 'NotTakenOver' })
  })

  it('should wait for a process that is about to take over no longer than a checkpoint has time for', async () => {
    const waits: [patience: number | undefined, waited: number][] = []
    for (const takeOverPatience of [undefined, 1_000, 60_000]) {
      const scheduler = hurried()
      const store = create()
      const share = { parallelism: 1, subtasks: [0] }
      const running = await firstValueFrom(store.begin({ share, scheduler, takeOverPatience }))
      await firstValueFrom(running.lease!.renew())
      const second = await firstValueFrom(store.begin({ share, takeOverLater: true, scheduler }))
      await complete(running, 1, 1, [0])
      await expect(firstValueFrom(second.ledger!.takeOver())).rejects.toMatchObject({ _tag: 'NotTakenOver' })
      waits.push([takeOverPatience, scheduler.now()])
    }
    expect(waits).toEqual([
      [undefined, 10_000],
      [1_000, 1_000],
      [60_000, 10_000],
    ])
  })

  it('should not let a retry take back what another process has taken over', async () => {
    const store = create()
    const mine = await begin(store, 2, [0])
    const retried = await begin(store, 2, [0], mine.attemptId)
    const other = await begin(store, 2, [0, 1])

    await expect(begin(store, 2, [0], retried.attemptId)).rejects.toMatchObject({
      _tag: 'Superseded',
      retriable: false,
    })
    await expect(firstValueFrom(retried.lease!.renew())).rejects.toMatchObject({ _tag: 'Superseded' })
    await complete(other, 1, 2, [0, 1])
  })
})

describe('FileCheckpointStore, rescaled', () => {
  it('should write down what all new subtasks start from, and remove the former ones when all have taken over', async () => {
    const disk = new FakeDisk()
    const store = new FileCheckpointStore('/job', { files: disk.process() })
    const former = await begin(store, 1, [0])
    await complete(former, 7, 1, [0])
    const first = await begin(store, 2, [0])
    expect(disk.files).toContain('/job/rescaled/attempt-000001-to-2.json')
    // What a former process writes now was in no new subtask's start: it does not exist.
    await expect(complete(former, 9, 1, [0])).rejects.toMatchObject({ _tag: 'Superseded' })
    const second = await begin(store, 2, [1])
    expect(second.restored).toEqual(first.restored)
    await settle(first)
    await complete(first, 8, 2, [0])
    await settle(second)
    expect(disk.files).toContain('/job/attempt-000001/chk-7.json')
    await complete(second, 8, 2, [1])
    await disk.idle()

    expect(disk.files.filter((path) => path.includes('chk') || path.includes('rescaled'))).toEqual([
      '/job/attempt-000002-subtasks-0-of-2/chk-8.json',
      '/job/attempt-000003-subtasks-1-of-2/chk-8.json',
    ])
  })
})

/** The end of each call of an attempt, as a letter: `t` it has taken over, `c` its checkpoint is stored. */
const takeOver = (attempt: StoredAttempt) => defer(() => attempt.ledger!.takeOver()).pipe(map(() => 't'))
const completed = (attempt: StoredAttempt, ...what: Parameters<typeof checkpoint>) =>
  defer(() => attempt.complete(checkpoint(...what))).pipe(map(() => 'c'))

const notTakenOver = (message = '') =>
  expect.objectContaining({ _tag: 'NotTakenOver', retriable: true, message: expect.stringContaining(message) })
const superseded = expect.objectContaining({ _tag: 'Superseded', retriable: false })

const whole = { parallelism: 1, subtasks: [0] }

/** Attempts of one process each, which run or are about to take over from one that runs. */
const processesOn = (store: CheckpointStore, scheduler: SchedulerLike) => {
  const starting = (after?: string) => begun(store, { share: whole, after, takeOverLater: true, scheduler })
  const running = (): StoredAttempt => {
    const attempt = begun(store, { share: whole, scheduler })
    attempt.lease!.renew().subscribe()
    return attempt
  }
  return { starting, running }
}

/** A storage of which one write takes its time. */
const slowAt = (storage: CheckpointStorage, slow: RegExp, answer$: Observable<unknown>): CheckpointStorage => ({
  ...storage,
  write: (key, text) =>
    slow.test(key) ? answer$.pipe(concatMap(() => storage.write(key, text))) : storage.write(key, text),
})

describe('an attempt that is asked to settle while it may still go back to the attempts before', () => {
  it('should settle when its transactions are marked', () => {
    runMarbles(({ expectObservable, ...helpers }) => {
      const { scheduler } = helpers
      const storage = memoryStorage()
      const written$ = new Subject<string>()
      const tell = <A>(key: string) => tap<A>(() => written$.next(key))
      const store = checkpointStoreOn({
        ...storage,
        create: (key, text) => storage.create(key, text).pipe(tell(key)),
        write: (key, text) => storage.write(key, text).pipe(tell(key)),
      })
      const former = begun(store, { share: whole, scheduler })
      const prepared = { sink: [{ id: 'job-0-1', checkpointId: 1, subtaskIndex: 0 }] }
      former.complete({ ...checkpoint(1, 1, [0]), prepared }).subscribe()
      const attempt = begun(store, { share: whole, scheduler })
      steps(helpers, '                  s 9ms m', {
        s: () => attempt.ledger!.settled(),
        m: () => attempt.markCommitted(1, 'sink', ['job-0-1']),
      })
      const settled$ = written$.pipe(filter((key) => /settled/.test(key)))
      expectObservable(settled$).toBe('  10ms  k', { k: 'attempt-000002/settled.json' })
    })
  })
})

describe('two processes that are about to take over', () => {
  it('should leave it to the one that was started later, for good', () => {
    runMarbles(({ scheduler, expectObservable }) => {
      const { running, starting } = processesOn(new MemoryCheckpointStore(), scheduler)
      running()
      const [first, other] = [starting(), starting()]
      expectObservable(takeOver(first)).toBe('            500ms #', {}, tagged('Superseded'))
      expectObservable(takeOver(other), '500ms ^').toBe('500ms (t|)')
      expectObservable(completed(other, 1, 1, [0]), '1s ^').toBe('1s (c|)')
    })
  })

  it('should let the first one try again when the second one fails', () => {
    runMarbles(({ expectObservable, ...helpers }) => {
      const { running, starting } = processesOn(new MemoryCheckpointStore(), helpers.scheduler)
      running()
      const [first, other] = [starting(), starting()]
      steps(helpers, '500ms r', { r: () => other.lease!.release() })
      expectObservable(takeOver(first)).toBe('500ms #', {}, notTakenOver('attempt-000003'))
      expectObservable(
        defer(() => takeOver(starting())),
        '1500ms ^',
      ).toBe('1500ms (t|)')
    })
  })

  it('should leave it to the last of three, though the first was refused by the second', () => {
    runMarbles(({ scheduler, expectObservable }) => {
      const { running, starting } = processesOn(new MemoryCheckpointStore(), scheduler)
      running()
      const [first, other, third] = [starting(), starting(), starting()]
      expectObservable(takeOver(first)).toBe('           500ms #', {}, tagged('Superseded'))
      expectObservable(takeOver(other)).toBe('           500ms #', {}, tagged('Superseded'))
      expectObservable(takeOver(third), '500ms ^').toBe('500ms (t|)')
    })
  })

  it('should leave it to the one that was started later also when the first one has not begun', () => {
    runMarbles(({ scheduler, cold, expectObservable }) => {
      const storage = memoryStorage()
      const store = checkpointStoreOn(storage)
      const slow = checkpointStoreOn(slowAt(storage, /^attempt-000002\/restored\.json$/, cold('300ms (w|)')))
      const { running, starting } = processesOn(store, scheduler)
      running()
      const first$ = slow.begin({ share: whole, takeOverLater: true, scheduler })
      const other$ = cold('100ms (s|)').pipe(
        map(() => starting()),
        delay(400),
        concatMap(takeOver),
      )
      expectObservable(first$).toBe('500ms #', {}, superseded)
      expectObservable(other$).toBe('500ms (t|)')
    })
  })

  it('should not wait for ever for a verdict that cannot be read, where damage is accepted', () => {
    runMarbles(({ scheduler, expectObservable }) => {
      const texts = new Map<string, string>()
      const storage = memoryStorage(texts)
      let lists = 0
      const list: typeof storage.list = (prefix) => {
        if (++lists > 1_000) throw new Error('asked for ever')
        return storage.list(prefix)
      }
      const store = checkpointStoreOn({ ...storage, list }, { onCorrupt: 'previous' })
      const { starting } = processesOn(store, scheduler)
      const running = begun(store, { share: whole, scheduler })
      running.complete(checkpoint(1, 1, [0])).subscribe()
      starting()
      texts.set('attempt-000002/verdict.json', '{')
      const restored$ = store.begin({ share: whole, scheduler }).pipe(map(({ restored }) => restored?.checkpointId))
      expectObservable(completed(running, 2, 1, [0])).toBe('#', {}, tagged('Superseded'))
      expectObservable(restored$, '20s ^').toBe('20s (1|)', { 1: 1 })
    })
  })

  it('should let the one that was refused try again', () => {
    runMarbles(({ scheduler, expectObservable }) => {
      const { running, starting } = processesOn(new MemoryCheckpointStore(), scheduler)
      const former = running()
      const second = starting()
      const again$ = defer(() => {
        const again = starting(second.attemptId)
        return takeOver(again).pipe(map(() => again.restored?.checkpointId))
      })
      expectObservable(completed(former, 1, 1, [0])).toBe('10s (c|)')
      expectObservable(takeOver(second), '11s ^').toBe('11s #', {}, tagged('NotTakenOver'))
      expectObservable(again$, '         12s ^').toBe('12s (1|)', { 1: 1 })
    })
  })

  it('should not wait longer than for a take-over when nothing becomes of the second one', () => {
    runMarbles(({ scheduler, expectObservable }) => {
      const { running, starting } = processesOn(new MemoryCheckpointStore(), scheduler)
      running()
      const first = starting()
      starting()
      expectObservable(takeOver(first)).toBe('10s #', {}, notTakenOver('attempt-000003'))
    })
  })

  it('should not take over before it is able to when another process is between two attempts', () => {
    runMarbles(({ scheduler, expectObservable }) => {
      const store = new MemoryCheckpointStore()
      const { running, starting } = processesOn(store, scheduler)
      const former = running()
      former.lease!.release().subscribe()
      const second = starting()
      expect(second.ledger?.mayReplace).toBe(true)
      second.lease!.release().subscribe()
      const again$ = store.begin({ share: whole, after: former.attemptId, takeOverLater: true, scheduler })
      expectObservable(again$.pipe(map(({ ledger }) => ledger?.mayReplace))).toBe('(f|)', { f: false })
    })
  })
})

describe('an attempt that begins beside one of other subtasks that is about to begin', () => {
  it('should be the first one of an empty store: what has not begun has left nothing', () => {
    runMarbles(({ scheduler, expectObservable }) => {
      const storage = memoryStorage()
      const slow = checkpointStoreOn(slowAt(storage, /\/restored\.json$/, NEVER))
      const share = { parallelism: 2, subtasks: [1] }
      const firstOf = (attempt$: Observable<StoredAttempt>) =>
        attempt$.pipe(map(({ attemptId, ledger }) => `${attemptId} ${ledger!.first}`))
      const beginning$ = slow.begin({ share: { parallelism: 2, subtasks: [0] }, scheduler })
      const beside$ = firstOf(checkpointStoreOn(storage).begin({ share, scheduler }))
      const table = { b: 'attempt-000002-subtasks-1-of-2 true', n: 'attempt-000003-subtasks-1-of-2 false' }
      expectObservable(beginning$, '^ 1999ms !').toBe('-')
      expectObservable(beside$, '1s        ^').toBe('1s (b|)', table)
      expectObservable(beside$, '3s        ^').toBe('3s (n|)', table)
    })
  })
})

describe('a process that is stopped as it begins, and wakes when it was refused and tidied away', () => {
  it('should take over from no one', () => {
    runMarbles(({ expectObservable, ...helpers }) => {
      const { scheduler, cold } = helpers
      const storage = memoryStorage()
      const store = checkpointStoreOn(storage)
      const stopped = checkpointStoreOn(slowAt(storage, /^attempt-000002-.*\/restored/, cold('30s (w|)')))
      const zero = { parallelism: 2, subtasks: [0] }
      const one = { parallelism: 2, subtasks: [1] }
      const running = begun(store, { share: zero, scheduler })
      const restored$ = store.begin({ share: zero, scheduler }).pipe(map(({ restored }) => restored?.checkpointId))
      const second$ = stopped.begin({ share: zero, takeOverLater: true, scheduler })
      const claims$ = defer(() => storage.list('attempt-000002')).pipe(
        map((keys) => keys.filter((key) => key.includes('claim')).length),
      )
      running.complete(checkpoint(1, 2, [0])).subscribe()
      expectObservable(completed(running, 2, 2, [0]), '1s ^').toBe('11s (c|)')
      steps(helpers, '20s b', {
        b: () => {
          const beside = begun(store, { share: one, scheduler })
          return concat(beside.complete(checkpoint(1, 2, [1])), beside.ledger!.settled())
        },
      })
      expectObservable(claims$, '25s ^').toBe('25s (n|)', { n: 0 })
      expectObservable(second$).toBe('30s #', {}, notTakenOver())
      expectObservable(completed(running, 3, 2, [0]), '31s ^').toBe('31s (c|)')
      expectObservable(restored$, '32s ^').toBe('32s (3|)', { 3: 3 })
    })
  })

  it('should be lost for an attempt when it is put back to a copy from when that had just claimed', () => {
    runMarbles(({ scheduler, expectObservable }) => {
      const storage = memoryStorage()
      const attempt = begun(checkpointStoreOn(storage), { share: whole, scheduler })
      storage.delete('attempt-000001/restored.json').subscribe()
      expectObservable(completed(attempt, 1, 1, [0])).toBe('#', {}, tagged('StoreLost'))
      expectObservable(
        defer(() => storage.list('attempt-000001/chk-')),
        '1s ^',
      ).toBe('1s (n|)', { n: [] })
    })
  })

  it('should leave nothing behind that grows when it is started again and again', async () => {
    const storage = memoryStorage()
    const store = checkpointStoreOn(storage)
    const running = await begin(store, 1, [0])
    const share = { parallelism: 1, subtasks: [0] }
    const keys: number[] = []
    for (let id = 1; id <= 60; id++) {
      const second = await firstValueFrom(store.begin({ share, takeOverLater: true, scheduler: hurried() }))
      await firstValueFrom(second.ledger!.reserve())
      await firstValueFrom(second.lease!.release())
      await complete(running, id, 1, [0])
      keys.push((await firstValueFrom(storage.list(''))).length)
    }
    expect(Math.max(...keys)).toBeLessThan(70)
    const next = await begin(store, 1, [0])
    expect(next.attemptId).toBe('attempt-000062')
    await complete(next, 100, 1, [0])
    await settle(next)
    expect((await firstValueFrom(storage.list(''))).length).toBeLessThan(15)
  })

  it('should leave nothing behind for ever', async () => {
    const storage = memoryStorage()
    const store = checkpointStoreOn(storage)
    for (let id = 1; id <= 100; id += 10) {
      await begin(store, 1, [0])
      const share = { parallelism: 1, subtasks: [0] }
      await firstValueFrom(
        (await firstValueFrom(store.begin({ share, takeOverLater: true, scheduler: hurried() }))).lease!.release(),
      )
      const attempt = await begin(store, 1, [0])
      await complete(attempt, id, 1, [0])
      await settle(attempt)
      await complete(attempt, id + 1, 1, [0])
    }
    expect((await firstValueFrom(storage.list(''))).length).toBeLessThan(20)
  })
})
