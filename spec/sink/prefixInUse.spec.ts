import { describe, expect, it } from '@jest/globals'
import { concat, defer, firstValueFrom, type Observable, switchMap, takeUntil, tap, timer } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import type { AttemptLedger } from '../../lib/checkpoint/store/AttemptLedger.js'
import type { AttemptRequest } from '../../lib/checkpoint/store/CheckpointStore.js'
import { checkpointStoreOn } from '../../lib/checkpoint/store/checkpointStoreOn.js'
import { memoryStorage } from '../../lib/checkpoint/store/memoryStorage.js'
import { MemoryCheckpointStore } from '../../lib/checkpoint/store/MemoryCheckpointStore.js'
import { type MarbleHelpers, runMarbles } from '../../lib/testing/runMarbles.js'
import { copying, type Copying, topics, warnings, words } from './support/copying.js'

/** What a store holds, as text by key. */
type Texts = Map<string, string>

/**
 * A job is stopped at 350 ms, with three checkpoints committed; its store is put back to a copy that was made at `copiedAt`, and it is
 * started again.
 */
const putBack = (helpers: MarbleHelpers, copiedAt: number, settings: Copying = {}, then: Copying = {}) => {
  const texts: Texts = new Map()
  const { logger, warned$ } = warnings()
  const job = (changed: Copying) => {
    const store = checkpointStoreOn(memoryStorage(texts))
    const checkpoints = { store, allowNonRestoredState: changed.prefix !== undefined }
    return words(copying(helpers)({ ...settings, ...changed, logger, checkpoints }))
  }
  helpers.produce('in', '10ms a 99ms b 99ms c 99ms d 99ms e')
  let copy: readonly (readonly [string, string])[] = []
  helpers.run(timer(copiedAt).pipe(tap(() => (copy = [...texts]))))
  const again$ = defer(() => {
    becomes(texts, copy)
    return job(then)
  })
  return { job$: concat(job({}).pipe(takeUntil(timer(350))), again$), warned$ }
}

const becomes = (texts: Texts, copy: Iterable<readonly [string, string]>): void => {
  const entries = [...copy]
  texts.clear()
  for (const [key, text] of entries) texts.set(key, text)
}

/** What the first life of the job tells. */
const three = {
  ...{ p: 'prepared 2', q: 'prepared 3', r: 'prepared 4', c: 'committed 2', d: 'committed 3', e: 'committed 4' },
} as const

describe('a prefix that is in use', () => {
  // Before the first checkpoint is complete, and behind one and two of them.
  for (const copiedAt of [50, 150, 250])
    it(`should be told when the store is put back to a copy of the same attempt (at ${copiedAt} ms)`, () => {
      runMarbles({ topics, until: 3_000 }, (helpers) => {
        const fenced = expect.objectContaining({
          ...{ _tag: 'Fenced', retriable: false, transactionalId: expect.stringMatching(/^job-0-\d/) },
          message: expect.stringContaining('Or the store was put back to an older copy'),
        })
        helpers
          .expectObservable(putBack(helpers, copiedAt).job$)
          .toBe('100ms (pc) 96ms (qd) 96ms (re) 46ms #', three, fenced)
      })
    })

  for (const copiedAt of [50, 150, 250])
    it(`should be told when the prefix is changed as the store is put back, and the default uid with it (at ${copiedAt} ms)`, () => {
      runMarbles({ topics, until: 3_000 }, (helpers) => {
        const fenced = expect.objectContaining({ _tag: 'Fenced', transactionalId: expect.stringMatching(/^job-0-\d/) })
        const { job$ } = putBack(helpers, copiedAt, {}, { prefix: 'renamed' })
        helpers.expectObservable(job$).toBe('100ms (pc) 96ms (qd) 96ms (re) 46ms #', three, fenced)
      })
    })

  it('should be told with its cause when a checkpoint that cannot be read was passed over', () => {
    runMarbles({ topics, until: 3_000 }, (helpers) => {
      const texts: Texts = new Map()
      const job = () => {
        const store = checkpointStoreOn(memoryStorage(texts), { onCorrupt: 'previous' })
        return words(copying(helpers)({ checkpoints: { store } }))
      }
      helpers.produce('in', '10ms a 99ms b 99ms c 99ms d')
      const again$ = defer(() => {
        const checkpoints = [...texts.keys()].filter((key) => /chk-\d+\.json$/.test(key)).sort()
        texts.set(checkpoints.at(-1)!, '{')
        return job()
      })
      const fenced = expect.objectContaining({
        ...{ _tag: 'Fenced', message: expect.stringContaining("(onCorrupt: 'previous')") },
      })
      helpers
        .expectObservable(concat(job().pipe(takeUntil(timer(350))), again$))
        .toBe('100ms (pc) 96ms (qd) 96ms (re) 46ms #', three, fenced)
    })
  })

  it('should not be asked about when the prefix alone is changed', () => {
    runMarbles({ topics, until: 1_000 }, (helpers) => {
      const { job$, warned$ } = putBack(helpers, 350, {}, { prefix: 'renamed' })
      helpers.run(job$)
      helpers.expectObservable(warned$).toBe('-')
      helpers.expectCommits('out').toBe('100ms a 99ms b 99ms c 149ms x', { x: ['d', 'e'] })
    })
  })

  for (const prefix of ['job', 'renamed'])
    it(`should be told though the copy is of an attempt that has written nothing (then: ${prefix})`, () => {
      runMarbles({ topics, until: 3_000 }, (helpers) => {
        const texts: Texts = new Map()
        const job = (settings: Copying = {}) => {
          const store = checkpointStoreOn(memoryStorage(texts))
          return words(copying(helpers)({ ...settings, checkpoints: { store, allowNonRestoredState: true } }))
        }
        helpers.produce('in', '10ms a 99ms b 99ms c 449ms d 99ms e')
        let copy: readonly (readonly [string, string])[] = []
        const first$ = job().pipe(takeUntil(timer(350)))
        const idle$ = defer(() => job().pipe(takeUntil(timer(300))))
        const third$ = defer(() => {
          copy = [...texts]
          return job().pipe(takeUntil(timer(400)))
        })
        const last$ = defer(() => {
          becomes(texts, copy)
          return job({ prefix })
        })
        const fenced = expect.objectContaining({ _tag: 'Fenced', retriable: false })
        const told = { ...three, s: 'prepared 34', f: 'committed 34', t: 'prepared 35', g: 'committed 35' }
        helpers
          .expectObservable(concat(first$, idle$, third$, last$))
          .toBe('100ms (pc) 96ms (qd) 96ms (re) 446ms (sf) 96ms (tg) 196ms #', told, fenced)
      })
    })

  it('should be found within a second by a job that has nothing to write, too', () => {
    runMarbles({ topics, until: 10_000 }, (helpers) => {
      const fenced = expect.objectContaining({ _tag: 'Fenced', retriable: false })
      helpers.expectObservable(copying(helpers)()).toBe('6s #', {}, fenced)
      const checkpoints = { store: new MemoryCheckpointStore() }
      const other = () => copying(helpers)({ checkpoints, logger: warnings().logger })
      helpers.run(timer(5_000).pipe(switchMap(other)))
    })
  })

  it('should be no obstacle when that is accepted: records come a second time, and a warning says so', () => {
    runMarbles({ topics, until: 1_000 }, (helpers) => {
      const { job$, warned$ } = putBack(helpers, 150, { prefixInUse: 'takeOver' })
      helpers.run(job$)
      helpers.expectObservable(warned$).toBe('350ms w', {
        w: expect.stringContaining('may write records a second time'),
      })
      helpers.expectCommits('out').toBe('100ms a 99ms b 99ms c 149ms x', { x: ['b', 'c', 'd', 'e'] })
      helpers.flush()
      expect(helpers.kafka.transactions().filter(({ state }) => state === 'Ongoing')).toEqual([])
    })
  })

  it('should not be asked about again by attempts that find the store as they left it', () => {
    runMarbles({ topics, until: 1_000 }, (helpers) => {
      const { job$, warned$ } = putBack(helpers, 350)
      helpers.run(job$)
      helpers.expectObservable(warned$).toBe('-')
      helpers.expectCommits('out').toBe('100ms a 99ms b 99ms c 149ms x', { x: ['d', 'e'] })
    })
  })
})

describe('the owners of transactional ids', () => {
  it('should outlive the attempts that recorded them, when a subtask goes and comes again', async () => {
    const scheduler = new TestScheduler(() => undefined)
    const store = checkpointStoreOn(memoryStorage())
    const begin = (request: Pick<AttemptRequest, 'share'>) => firstValueFrom(store.begin({ ...request, scheduler }))
    const checkpoint = (checkpointId: number, parallelism: number) => ({
      ...{ checkpointId, timestamp: 0, savepoint: false, parallelism },
      ...{ states: {}, operatorStates: {}, committed: {} },
    })
    const owner = { producerId: '7', epoch: 1 }

    const two = await begin({ share: { parallelism: 2, subtasks: [0, 1] } })
    const sinks = [0, 1].map((subtaskIndex) => ({ name: 'job', uid: 'sink', subtaskIndex, owner }))
    await firstValueFrom(two.ledger!.recordSinks(sinks))
    await firstValueFrom(two.complete(checkpoint(1, 2)), { defaultValue: undefined })

    const one = await begin({ share: { parallelism: 1, subtasks: [0] } })
    await firstValueFrom(one.ledger!.recordSinks([{ name: 'job', uid: 'sink', subtaskIndex: 0, owner }]))
    await firstValueFrom(one.ledger!.settled(), { defaultValue: undefined })
    await firstValueFrom(one.complete(checkpoint(17, 1)), { defaultValue: undefined })

    const again = await begin({ share: { parallelism: 2, subtasks: [0, 1] } })
    const known = await firstValueFrom(again.ledger!.otherSinks())
    expect(known.map(({ subtaskIndex, handedOn = false }) => [subtaskIndex, handedOn])).toEqual([
      [0, false],
      [1, true],
    ])
  })

  describe('of an attempt that became the owner after its successor', () => {
    const begin = async () => {
      const scheduler = new TestScheduler(() => undefined)
      const storage = memoryStorage()
      const next = async () => {
        const request = { share: { parallelism: 1, subtasks: [0] }, scheduler }
        const attempt = await firstValueFrom(checkpointStoreOn(storage).begin(request))
        const call = (act: Observable<unknown>) => firstValueFrom(act, { defaultValue: undefined })
        return {
          ledger: attempt.ledger!,
          owns: (epoch: number) => call(attempt.ledger!.recordSinks([{ ...sink, owner: { producerId: '7', epoch } }])),
          becomesOwner: () => call(attempt.ledger!.recordSinks([sink])),
          settles: () => call(attempt.ledger!.settled()),
          completes: (checkpointId: number) =>
            call(attempt.complete({ ...checkpoint, checkpointId })).catch((error: unknown) => error),
        }
      }
      const former = await next()
      await former.becomesOwner()
      const newer = await next()
      await newer.owns(1)
      return { former, newer, next }
    }
    const sink = { name: 'job', uid: 'sink', subtaskIndex: 0 }
    const checkpoint = { timestamp: 0, savepoint: false, parallelism: 1, states: {}, committed: {} }
    const epochsOf = async ({ ledger }: { readonly ledger: AttemptLedger }) =>
      (await firstValueFrom(ledger.otherSinks())).map(({ owner }) => owner?.epoch).sort()

    it('should stay when it settles: an attempt that is superseded removes nothing, least of all itself', async () => {
      const { former, newer, next } = await begin()
      await newer.settles()
      await former.owns(2)
      await former.settles()
      expect(await epochsOf(newer)).toEqual([2])
      expect(await epochsOf(await next())).toEqual([1, 2])
    })

    it('should be handed on by the successor, whose own record is older', async () => {
      const { former, newer, next } = await begin()
      await former.owns(2)
      await newer.settles()
      await newer.completes(17)
      expect(await epochsOf(newer)).toEqual([])
      const third = await next()
      expect(await epochsOf(third)).toEqual([1, 2])
      await third.owns(3)
      await third.settles()
      await third.completes(33)
      expect(await epochsOf(await next())).toEqual([3])
    })
  })
})
