import { describe, expect, it } from '@jest/globals'
import { firstValueFrom, type Observable } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import type { AttemptLedger } from '../../lib/checkpoint/store/AttemptLedger.js'
import type { AttemptRequest } from '../../lib/checkpoint/store/CheckpointStore.js'
import { checkpointStoreOn } from '../../lib/checkpoint/store/checkpointStoreOn.js'
import { memoryStorage } from '../../lib/checkpoint/store/memoryStorage.js'
import { numbers, type SinkSettings, SinkScene } from './sinkScene.js'

const HOUR = 3_600_000

const silent = { warn: () => undefined, error: () => undefined, info: () => undefined, debug: () => undefined }

/**
 * A job is stopped at 350 ms, with three checkpoints committed; its store is put back to a copy that was made at `copiedAt`, and it is
 * started again.
 */
const putBack = (copiedAt: number, settings: SinkSettings = {}, then: SinkSettings = {}) => {
  const scene = new SinkScene()
  const texts = new Map<string, string>()
  const warnings: string[] = []
  const logger = { ...silent, warn: (message: string) => warnings.push(message) }
  const job = (changed: SinkSettings) => {
    const store = checkpointStoreOn(memoryStorage(texts))
    const coordinator = scene.coordinator({ store, allowNonRestoredState: changed.prefix !== undefined })
    return scene.job({ count: 50, coordinator }, { ...settings, ...changed, logger })
  }
  scene.play(() => {
    const first = scene.start(job({}))
    let copy: readonly (readonly [string, string])[] = []
    scene.at(copiedAt, () => (copy = [...texts]))
    scene.at(350, () => {
      first.unsubscribe()
      texts.clear()
      for (const [key, text] of copy) texts.set(key, text)
      scene.start(job(then))
    })
  }, 3000)
  return { scene, warnings }
}

describe('a prefix that is in use', () => {
  // Before the first checkpoint is complete, and behind one and two of them.
  for (const copiedAt of [50, 150, 250])
    it(`should be told when the store is put back to a copy of the same attempt (at ${copiedAt} ms)`, () => {
      const { scene } = putBack(copiedAt)
      expect(scene.errors).toEqual([
        expect.objectContaining({
          _tag: 'Fenced',
          retriable: false,
          transactionalId: expect.stringMatching(/^job-0-\d/),
        }),
      ])
      expect(scene.errors[0]?.message).toContain('Or the store was put back to an older copy')
    })

  for (const copiedAt of [50, 150, 250])
    it(`should be told when the prefix is changed as the store is put back, and the default uid with it (at ${copiedAt} ms)`, () => {
      const { scene } = putBack(copiedAt, {}, { prefix: 'renamed' })
      expect(scene.errors).toEqual([
        expect.objectContaining({ _tag: 'Fenced', transactionalId: expect.stringMatching(/^job-0-\d/) }),
      ])
    })

  it('should be told with its cause when a checkpoint that cannot be read was passed over', () => {
    const scene = new SinkScene()
    const texts = new Map<string, string>()
    const store = () => checkpointStoreOn(memoryStorage(texts), { onCorrupt: 'previous' })
    const job = () => scene.job({ count: 50, coordinator: scene.coordinator({ store: store() }) })
    scene.play(() => {
      const first = scene.start(job())
      scene.at(350, () => {
        first.unsubscribe()
        texts.set(
          [...texts.keys()]
            .filter((key) => /chk-\d+\.json$/.test(key))
            .sort()
            .at(-1)!,
          '{',
        )
        scene.start(job())
      })
    }, 3000)
    expect(scene.errors).toEqual([
      expect.objectContaining({ _tag: 'Fenced', message: expect.stringContaining("(onCorrupt: 'previous')") }),
    ])
  })

  it('should not be asked about when the prefix alone is changed', () => {
    const { scene, warnings } = putBack(350, {}, { prefix: 'renamed' })
    expect([scene.errors, warnings]).toEqual([[], []])
    expect(scene.committed).toEqual(numbers(50))
  })

  for (const prefix of ['job', 'renamed'])
    it(`should be told though the copy is of an attempt that has written nothing (then: ${prefix})`, () => {
      const scene = new SinkScene()
      const texts = new Map<string, string>()
      const job = (every: number, settings: SinkSettings = {}) => {
        const store = checkpointStoreOn(memoryStorage(texts))
        return scene.job({ every, coordinator: scene.coordinator({ store, allowNonRestoredState: true }) }, settings)
      }
      scene.play(() => {
        const first = scene.start(job(10))
        scene.at(350, () => {
          first.unsubscribe()
          const idle = scene.start(job(HOUR))
          scene.at(300, () => {
            idle.unsubscribe()
            const copy = [...texts]
            const last = scene.start(job(10))
            scene.at(400, () => {
              last.unsubscribe()
              texts.clear()
              for (const [key, text] of copy) texts.set(key, text)
              scene.start(job(10, { prefix }))
            })
          })
        })
      }, 3000)
      expect(scene.errors).toEqual([expect.objectContaining({ _tag: 'Fenced', retriable: false })])
    })

  it('should be found within a second by a job that has nothing to write, too', () => {
    const scene = new SinkScene()
    scene.play(() => {
      scene.start(scene.job({ every: HOUR }))
      scene.at(5_000, () =>
        scene.start(
          scene.job(
            { every: HOUR, coordinator: scene.coordinator({ store: new SinkScene().store }) },
            { logger: silent },
          ),
        ),
      )
    }, 10_000)
    expect(scene.errors).toEqual([expect.objectContaining({ _tag: 'Fenced', retriable: false })])
    expect(scene.erredAt).toBeGreaterThan(5_000)
    expect(scene.erredAt).toBeLessThan(6_200)
  })

  it('should be no obstacle when that is accepted: records come a second time, and a warning says so', () => {
    const { scene, warnings } = putBack(150, { prefixInUse: 'takeOver' })
    expect(scene.errors).toEqual([])
    expect(warnings).toEqual([expect.stringContaining('may write records a second time')])
    expect([...new Set(scene.committed)]).toEqual(numbers(50))
    expect(scene.committed.length).toBeGreaterThan(50)
    expect(scene.kafka.transactions().filter(({ state }) => state === 'Ongoing')).toEqual([])
  })

  it('should not be asked about again by attempts that find the store as they left it', () => {
    const { scene, warnings } = putBack(350)
    expect(scene.errors).toEqual([])
    expect(warnings).toEqual([])
    expect(scene.committed).toEqual(numbers(50))
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
