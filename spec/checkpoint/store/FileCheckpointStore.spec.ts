import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { firstValueFrom } from 'rxjs'
import type { CheckpointStore, StoredAttempt, StoredCheckpoint } from '../../../lib/checkpoint/store/CheckpointStore.js'
import {
  FileCheckpointStore,
  type FileCheckpointStoreOptions,
} from '../../../lib/checkpoint/store/FileCheckpointStore.js'
import { MemoryCheckpointStore } from '../../../lib/checkpoint/store/MemoryCheckpointStore.js'
import { FakeDisk } from '../support/FakeDisk.js'

const checkpoint = (checkpointId: number, writer = 'spec', savepoint = false): StoredCheckpoint => ({
  checkpointId,
  timestamp: 1000 + checkpointId,
  savepoint,
  parallelism: 1,
  states: { source: [{ writer, position: checkpointId * 10 }] },
  committed: {},
})

const begin = (store: CheckpointStore): Promise<StoredAttempt> => firstValueFrom(store.begin())
const complete = (attempt: StoredAttempt, it: StoredCheckpoint): Promise<void> => firstValueFrom(attempt.complete(it))
const settled = (attempt: StoredAttempt): Promise<void> => firstValueFrom(attempt.ledger!.settled())
const mark = (attempt: StoredAttempt, id: number, ids: string[]): Promise<void> =>
  firstValueFrom(attempt.markCommitted(id, 'sink', ids))

const onDisk = (disk = new FakeDisk(), options: FileCheckpointStoreOptions = {}) =>
  new FileCheckpointStore('/job', { files: disk.process(), ...options })

describe.each([
  ['MemoryCheckpointStore', () => new MemoryCheckpointStore()],
  ['FileCheckpointStore', () => onDisk()],
])('%s', (_, create) => {
  it('should start fresh', async () => {
    expect((await begin(create())).restored).toBeUndefined()
  })

  it('should give the newest checkpoint of the newest attempt that has one', async () => {
    const store = create()
    const first = await begin(store)
    await complete(first, checkpoint(1))
    await complete(first, checkpoint(2))

    expect((await begin(store)).restored).toEqual(checkpoint(2))
    expect((await begin(store)).restored).toEqual(checkpoint(2))
  })

  it('should hold what a file holds: a copy, by JSON', async () => {
    const store = create()
    const state = { position: 1, gone: undefined, when: new Date(0) }
    await complete(await begin(store), { ...checkpoint(1), states: { source: [state] } })
    state.position = 2

    expect((await begin(store)).restored?.states).toEqual({
      source: [{ position: 1, when: '1970-01-01T00:00:00.000Z' }],
    })
  })

  it('should keep marks with the checkpoint, of the restored one too', async () => {
    const store = create()
    const first = await begin(store)
    await complete(first, { ...checkpoint(1), committed: { sink: ['a'] } })
    await mark(first, 1, ['b'])
    const second = await begin(store)
    expect(second.restored?.committed).toEqual({ sink: ['a', 'b'] })
    await mark(second, 1, ['b', 'c'])
    const third = await begin(store)
    expect(third.restored?.committed).toEqual({ sink: ['a', 'b', 'c'] })
    await complete(third, checkpoint(2))

    expect((await begin(store)).restored?.committed).toEqual({})
  })

  it('should ignore marks of a checkpoint that is subsumed', async () => {
    const store = create()
    const attempt = await begin(store)
    await complete(attempt, checkpoint(1))
    await complete(attempt, checkpoint(2))
    await mark(attempt, 1, ['a'])

    expect((await begin(store)).restored?.committed).toEqual({})
  })

  it('should tell a former attempt that it is superseded, and ignore what it writes', async () => {
    const store = create()
    const zombie = await begin(store)
    await complete(zombie, checkpoint(1))
    const attempt = await begin(store)
    await expect(complete(zombie, checkpoint(2, 'zombie'))).rejects.toMatchObject({
      _tag: 'Superseded',
      retriable: false,
    })
    expect((await begin(store)).restored).toEqual(checkpoint(1))
    await expect(complete(attempt, checkpoint(2))).rejects.toMatchObject({ _tag: 'Superseded' })
  })

  it('should act once per subscription', async () => {
    const store = create()
    const attempt$ = store.begin()
    await complete(await firstValueFrom(attempt$), checkpoint(1))

    expect((await firstValueFrom(attempt$)).restored).toEqual(checkpoint(1))
  })
})

describe('FileCheckpointStore', () => {
  it('should write readable JSON that names its version', async () => {
    const disk = new FakeDisk()
    const attempt = await begin(onDisk(disk))
    await complete(attempt, checkpoint(1))

    expect(attempt.attemptId).toBe('attempt-000001')
    expect(JSON.parse(disk.read('/job/attempt-000001/chk-1.json') ?? '')).toEqual({ version: 1, state: checkpoint(1) })
  })

  it('should keep two checkpoints of one attempt, and all savepoints', async () => {
    const disk = new FakeDisk()
    await complete(await begin(onDisk(disk)), checkpoint(1, 'spec', true))
    const attempt = await begin(onDisk(disk))
    await settled(attempt)
    for (const id of [2, 3, 4]) {
      await complete(attempt, checkpoint(id))
      await mark(attempt, id, [`${id}`])
    }

    expect(disk.files).toEqual([
      '/job/attempt-000002/chk-3.committed.json',
      '/job/attempt-000002/chk-3.json',
      '/job/attempt-000002/chk-4.committed.json',
      '/job/attempt-000002/chk-4.json',
      '/job/attempt-000002/claim.json',
      '/job/attempt-000002/restored.json',
      '/job/attempt-000002/settled.json',
      '/job/attempt-000002/verdict.json',
      '/job/savepoints/savepoint-1-1.json',
    ])
  })

  it('should keep the folder that an attempt was restored from until its transactions are ended', async () => {
    const disk = new FakeDisk()
    await complete(await begin(onDisk(disk)), checkpoint(1))
    const attempt = await begin(onDisk(disk))
    await complete(attempt, checkpoint(2))

    expect(disk.files).toContain('/job/attempt-000001/chk-1.json')
    await settled(attempt)
    await disk.idle()
    expect(disk.files.filter((path) => path.includes('attempt-000001'))).toEqual([])
  })

  describe('an unreadable file under its final name', () => {
    const damaged = async (text: string) => {
      const disk = new FakeDisk()
      const attempt = await begin(onDisk(disk))
      await complete(attempt, checkpoint(1))
      await complete(attempt, checkpoint(2))
      disk.damage('/job/attempt-000001/chk-2.json', text)
      return disk
    }

    it.each([
      ['half of it', '{"version":1,"sta', /chk-2\.json cannot be read: .*JSON/],
      [
        'wrong types',
        '{"version":1,"state":{"checkpointId":"2","states":[]}}',
        /checkpointId.*timestamp.*savepoint.*states/,
      ],
    ])('should be an error with all faults: %s', async (_, text, message) => {
      const disk = await damaged(text)

      await expect(begin(onDisk(disk))).rejects.toMatchObject({
        _tag: 'Corrupt',
        retriable: false,
        message: expect.stringMatching(message),
      })
    })

    it.each(['fail', 'previous'] as const)(
      'should not be called damaged, nor be left out, when a newer release has written it: onCorrupt %s',
      async (onCorrupt) => {
        const disk = await damaged('{"version":7,"state":{}}')

        const error: unknown = await begin(onDisk(disk, { onCorrupt })).catch((thrown: unknown) => thrown)
        expect(error).toMatchObject({
          _tag: 'UnknownVersion',
          retriable: false,
          message: expect.stringMatching(
            /chk-2\.json cannot be read: .*has version 7; this release reads 1\. .*newer release: go back to that one/,
          ),
        })
        expect(String(error)).not.toContain('damaged')
      },
    )

    it('should give the one before when that is accepted', async () => {
      const disk = await damaged('{')

      expect((await begin(onDisk(disk, { onCorrupt: 'previous' }))).restored).toEqual(checkpoint(1))
    })
  })

  it('should tell what failed when the directory cannot be written', async () => {
    const files = { ...new FakeDisk().process(), makeDirectory: () => Promise.reject(new Error('EACCES: /job')) }

    await expect(begin(new FileCheckpointStore('/job', { files }))).rejects.toMatchObject({
      _tag: 'StoreFailed',
      retriable: true,
      message: expect.stringContaining('EACCES'),
    })
  })

  it.each([0, 1])(
    'should refuse to begin when a newer attempt begins meanwhile and takes %p checkpoints',
    async (count) => {
      const disk = new FakeDisk()
      await complete(await begin(onDisk(disk)), checkpoint(1))
      const files = disk.process()
      const overtaken: typeof files = {
        ...files,
        write: async (path, text) => {
          if (!path.includes('restored.json')) return files.write(path, text)
          const newer = await begin(onDisk(disk))
          for (let id = 2; id < 2 + count; id++) await complete(newer, checkpoint(id))
          return files.write(path, text)
        },
      }

      await expect(begin(new FileCheckpointStore('/job', { files: overtaken }))).rejects.toMatchObject({
        _tag: 'Superseded',
      })
    },
  )

  it('should work on the real file system', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'rx-kafka-checkpoints-'))
    try {
      const store = new FileCheckpointStore(join(directory, 'deep', 'job'))
      const attempt = await begin(store)
      for (const id of [1, 2, 3]) await complete(attempt, checkpoint(id, 'spec', id === 3))
      await mark(attempt, 3, ['a'])

      expect((await begin(store)).restored).toEqual({ ...checkpoint(3, 'spec', true), committed: { sink: ['a'] } })
      expect((await readdir(join(directory, 'deep', 'job', 'attempt-000001'))).sort()).toEqual([
        'chk-2.json',
        'chk-3.committed.json',
        'chk-3.json',
        'claim.json',
        'restored.json',
        'verdict.json',
      ])
      expect(await readFile(join(directory, 'deep', 'job', 'savepoints', 'savepoint-1-3.json'), 'utf8')).toContain(
        '"position": 30',
      )
    } finally {
      await rm(directory, { recursive: true })
    }
  })

  /** One process after the other, each killed at a step, with or without a loss of power. */
  it('should restore the newest durable checkpoint at every crash point', async () => {
    const life = fc.record({
      checkpoints: fc.integer({ min: 0, max: 4 }),
      steps: fc.integer({ min: 1, max: 60 }),
      power: fc.boolean(),
      survives: fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 6 }), async (lives) => {
        const disk = new FakeDisk()
        /** what a restore may give: the newest one told to be durable, or one that was on its way */
        let allowed: (number | undefined)[] = [undefined]
        const marks = { told: new Set<string>(), tried: new Set<string>() }
        let nextId = 1

        const check = (restored: StoredCheckpoint | undefined): void => {
          expect(allowed).toContain(restored?.checkpointId)
          const found = restored?.committed['sink'] ?? []
          for (const id of marks.told) if (id.startsWith(`${restored?.checkpointId}-`)) expect(found).toContain(id)
          for (const id of found) expect(marks.tried).toContain(id)
        }
        for (const { checkpoints, steps, power, survives } of lives) {
          const files = disk.process(steps)
          const live = async (): Promise<void> => {
            const attempt = await begin(new FileCheckpointStore('/job', { files }))
            check(attempt.restored)
            let newest = attempt.restored?.checkpointId
            allowed = [newest]
            for (let n = 0; n < checkpoints; n++) {
              if (newest !== undefined) {
                const id = `${newest}-${nextId++}`
                marks.tried.add(id)
                await mark(attempt, newest, [id])
                marks.told.add(id)
              }
              const id = nextId++
              allowed = [newest, id]
              await complete(attempt, checkpoint(id))
              newest = id
              allowed = [id]
            }
          }
          await live().catch((error: unknown) => {
            if (!files.dead) throw error
          })
          let turn = 0
          if (power) disk.losePower(() => survives[turn++ % survives.length]!)
        }
        check((await begin(onDisk(disk))).restored)
      }),
      { numRuns: 300 },
    )
  }, 60_000)

  /**
   * Two processes at the same time, in any interleaving: what the zombie was told to be complete, and may have committed, the
   * newer attempt starts from; and what the zombie writes later nobody starts from.
   */
  it('should let a zombie complete nothing that the newer attempt has not seen', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.nat(3), async (scheduler, own) => {
        const disk = new FakeDisk()
        let interleaved = false
        const turn = () => (interleaved ? scheduler.schedule(Promise.resolve()) : Promise.resolve())
        const process = () => new FileCheckpointStore('/job', { files: disk.process(Infinity, turn) })
        const zombie = await begin(process())
        await complete(zombie, checkpoint(1, 'zombie'))
        const told = [1]
        let restored: StoredCheckpoint | undefined
        let last: StoredCheckpoint | undefined

        const goOn = async (): Promise<void> => {
          for (const id of [2, 3]) {
            await complete(zombie, checkpoint(id, 'zombie'))
            told.push(id)
          }
        }
        const takeOver = async (): Promise<void> => {
          const attempt = await begin(process())
          restored = attempt.restored
          last = restored
          for (let id = 10; id < 10 + own; id++) {
            await complete(attempt, checkpoint(id, 'new'))
            last = checkpoint(id, 'new')
          }
        }
        interleaved = true
        const all = Promise.all([
          goOn().catch((error: unknown) => expect(error).toMatchObject({ _tag: 'Superseded' })),
          takeOver(),
        ])
        await scheduler.waitFor(all)

        expect(restored?.checkpointId).toBeGreaterThanOrEqual(Math.max(...told))
        interleaved = false
        expect((await begin(process())).restored).toEqual(last)
      }),
      { numRuns: 150 },
    )
  }, 60_000)
})
