import { firstValueFrom, from, lastValueFrom, mergeMap, type Observable, toArray } from 'rxjs'
import type { CheckpointStorage } from '../../checkpoint/store/CheckpointStorage.js'
import type { TestFramework } from '../TestFramework.js'
import { unique } from '../unique.js'

const soon = <A>(value: A): Promise<A> => new Promise((resolve) => setImmediate(() => resolve(value)))

/** More than S3 and its kin list in one page. */
const MANY = 1_050

/**
 * The contract of a {@link CheckpointStorage}, sentence by sentence, as specs: what its five calls must do so that checkpoints are
 * safe on it. The storages of the package, in files and in memory, pass it.
 *
 * That a text is still there after a loss of power cannot be asked from here: it is yours to see to.
 *
 * One spec writes some thousand keys, so that a list takes more than one page; give it 60 s. Where pages are longer than 1,000 keys, have
 * `makeStorage` ask for smaller ones.
 *
 * @param name of the storage, for titles
 * @param makeStorage makes a client of the storage at a place. Clients of one place have the same keys, as two processes of a job
 * do; those of two places have none in common. Each spec has a place of its own, a text like `storage-lz4k2-7`, and it is empty.
 * @param framework of jest, vitest, or any other with the same words
 *
 * @example
 * ```ts
 * // framework: { afterEach, beforeEach, describe, expect, it } of jest or vitest
 * describeCheckpointStorageContract('my storage', (place) => storageOf(place), framework)
 * ```
 */
export const describeCheckpointStorageContract = (
  name: string,
  makeStorage: (place: string) => CheckpointStorage,
  { describe, expect, it }: TestFramework,
): void => {
  /** As two processes have it. */
  const twoClients = (): readonly [CheckpointStorage, CheckpointStorage] => {
    const place = unique('storage')
    return [makeStorage(place), makeStorage(place)]
  }
  const answer = <A>(call: Observable<A>): Promise<A> => lastValueFrom(call)
  const listed = async (storage: CheckpointStorage, prefix: string): Promise<readonly string[]> =>
    [...(await answer(storage.list(prefix)))].sort()
  const key = 'attempt-000001-subtasks-0,2-of-3/chk-7.json'

  describe(`a checkpoint storage on ${name}`, () => {
    it('should read what either client wrote, and nothing where there is nothing', async () => {
      const [one, other] = twoClients()
      expect(await answer(one.read(key))).toBeUndefined()
      for (const [client, text] of [
        [one, 'first\n'],
        [other, 'ä€😀 "<&>" \r\n\t\u2028'],
        [one, ''],
        [other, 'a'.repeat(1_000_000)],
      ] as const) {
        await answer(client.write(key, text))
        expect((await answer(one.read(key))) === text).toBe(true)
        expect((await answer(other.read(key))) === text).toBe(true)
      }
    })

    it('should read nothing where there are only longer keys, or shorter ones', async () => {
      const [one] = twoClients()
      await answer(one.write(key, 'text'))
      expect(await answer(one.read('attempt-000001-subtasks-0,2-of-3'))).toBeUndefined()
      expect(await answer(one.read('attempt-000001-subtasks-0,2-of-3/chk-7.committed.json'))).toBeUndefined()
      expect(await answer(one.read('attempt-000001-subtasks-0,2-of-3/chk-77.json'))).toBeUndefined()
    })

    it('should create a key once, and leave it as it is the second time', async () => {
      const [one, other] = twoClients()
      expect(await answer(one.create(key, 'mine'))).toBe(true)
      expect(await answer(other.create(key, 'theirs'))).toBe(false)
      expect(await answer(one.create(key, 'mine'))).toBe(false)
      expect(await answer(other.read(key))).toBe('mine')
      await answer(other.delete(key))
      expect(await answer(other.create(key, 'theirs'))).toBe(true)
      expect(await answer(one.read(key))).toBe('theirs')
    })

    it('should not create a key that was written, an empty one neither; and write one that was created', async () => {
      const [one, other] = twoClients()
      await answer(one.write(key, ''))
      expect(await answer(other.create(key, 'theirs'))).toBe(false)
      expect(await answer(one.read(key))).toBe('')
      expect(await answer(one.create('ids/1-16.json', 'created'))).toBe(true)
      await answer(other.write('ids/1-16.json', 'written'))
      expect(await answer(one.read('ids/1-16.json'))).toBe('written')
    })

    it('should let one of many create a key, each time', async () => {
      const both = twoClients()
      for (let round = 0; round < 5; round++) {
        const each = `ids/${round}.json`
        const created = await Promise.all(
          Array.from({ length: 20 }, (_, n) => answer(both[n % 2]!.create(each, String(n)))),
        )
        expect(created.filter((one) => one).length).toBe(1)
        expect(await answer(both[0].read(each))).toBe(String(created.indexOf(true)))
      }
    })

    it('should show one text or another while many write a key, never a part', async () => {
      const [one, other] = twoClients()
      const texts = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(100_000))
      await answer(one.write(key, texts[0]!))
      const writes = texts.map((text, n) => answer([one, other][n % 2]!.write(key, text)))
      const reads = texts.map(() => answer(other.read(key)))
      for (const read of await Promise.all(reads)) expect(texts.includes(read ?? '')).toBe(true)
      await Promise.all(writes)
      expect(await listed(one, '')).toEqual([key])
    })

    it('should show a key that is being created whole or not at all', async () => {
      const [one, other] = twoClients()
      const text = 'a'.repeat(300_000)
      const creating = answer(one.create(key, text))
      const over = creating.then(() => true)
      // At least once while it is under way, and then until it is over.
      for (let created = false; !created; created = await Promise.race([over, soon(false)])) {
        const there = (await listed(other, '')).includes(key)
        const read = await answer(other.read(key))
        expect(read === text || (read === undefined && !there)).toBe(true)
      }
      await creating
      expect((await answer(other.read(key))) === text).toBe(true)
    })

    it('should list the keys that begin with a prefix, wherever it ends', async () => {
      const [one, other] = twoClients()
      const keys = [
        'attempt-1/claim.json',
        'attempt-1/chk-1.json',
        'attempt-10/claim.json',
        'ids/1-16.json',
        'all.json',
      ]
      for (const each of keys) await answer(one.write(each, 'text'))

      expect(await listed(other, '')).toEqual([...keys].sort())
      expect(await listed(other, 'a')).toEqual([...keys].sort().slice(0, 4))
      expect(await listed(other, 'attempt-')).toEqual([...keys].sort().slice(1, 4))
      expect(await listed(other, 'attempt-1')).toEqual([...keys].sort().slice(1, 4))
      expect(await listed(other, 'attempt-1/')).toEqual(['attempt-1/chk-1.json', 'attempt-1/claim.json'])
      expect(await listed(other, 'attempt-1/c')).toEqual(['attempt-1/chk-1.json', 'attempt-1/claim.json'])
      expect(await listed(other, 'attempt-1/chk')).toEqual(['attempt-1/chk-1.json'])
      expect(await listed(other, 'attempt-1/chk-1.json')).toEqual(['attempt-1/chk-1.json'])
      expect(await listed(other, 'ids/')).toEqual(['ids/1-16.json'])
      expect(await listed(other, 'rescaled/')).toEqual([])
    })

    it('should list at once what was created, written and deleted', async () => {
      const [one, other] = twoClients()
      for (let n = 1; n <= 20; n++) {
        const [claim, lease] = [`attempt-${n}/claim.json`, `attempt-${n}/lease.json`]
        await answer(one.create(claim, 'text'))
        expect(await listed(other, 'attempt-')).toEqual([claim])
        await answer(other.write(lease, 'text'))
        expect(await listed(one, 'attempt-')).toEqual([claim, lease])
        await answer(one.delete(claim))
        expect(await listed(other, '')).toEqual([lease])
        await answer(other.delete(lease))
        expect(await listed(one, '')).toEqual([])
      }
    })

    it('should list all keys, however many pages it takes, and whatever comes and goes meanwhile', async () => {
      const [one, other] = twoClients()
      const numbered = (folder: string, count: number): readonly string[] =>
        Array.from({ length: count }, (_, n) => `${folder}/${String(n).padStart(6, '0')}.json`)
      const all = <A>(items: readonly string[], call: (item: string) => Observable<A>, atOnce = 20) =>
        lastValueFrom(from(items).pipe(mergeMap(call, atOnce), toArray()))
      const [before, stay] = [numbered('attempt-000001', 100), numbered('attempt-000002', MANY)]
      await all([...before, ...stay], (each) => one.write(each, each))
      expect(await listed(other, 'attempt-')).toEqual([...before, ...stay])

      // Pages that are counted from the start would leave keys out, or give some of them twice.
      const over = all(before, (each) => one.delete(each), 2).then(() => true)
      for (let gone = false; !gone; gone = await Promise.race([over, soon(false)])) {
        const list = await answer(other.list('attempt-'))
        expect(list.filter((each) => !before.includes(each)).sort()).toEqual(stay)
        expect(new Set(list).size).toBe(list.length)
      }
      expect(await listed(one, '')).toEqual(stay)
      await all(stay, (each) => other.delete(each))
      expect(await listed(one, '')).toEqual([])
    }, 60_000)

    it('should delete a key for all, and nothing else; a second time, or another one, is no error', async () => {
      const [one, other] = twoClients()
      await answer(one.write(key, 'text'))
      await answer(one.write('ids/1-16.json', 'text'))
      await answer(other.delete(key))
      await answer(one.delete(key))
      await answer(one.delete('savepoints/none.json'))
      expect(await answer(one.read(key))).toBeUndefined()
      expect(await listed(one, '')).toEqual(['ids/1-16.json'])
      await answer(one.write(key, 'again'))
      expect(await answer(other.read(key))).toBe('again')
    })

    it('should answer each call once', async () => {
      const [one] = twoClients()
      const answers = <A>(call: Observable<A>): Promise<readonly A[]> => lastValueFrom(call.pipe(toArray()))
      expect(await answers(one.read(key))).toEqual([undefined])
      expect(await answers(one.create(key, 'text'))).toEqual([true])
      expect(await answers(one.create(key, 'text'))).toEqual([false])
      expect((await answers(one.write(key, 'other'))).length).toBe(1)
      expect(await answers(one.read(key))).toEqual(['other'])
      expect(await answers(one.list(''))).toEqual([[key]])
      expect((await answers(one.delete(key))).length).toBe(1)
      expect((await answers(one.delete(key))).length).toBe(1)
      expect(await answers(one.list(''))).toEqual([[]])
    })

    it('should do nothing before it is subscribed to, and act once per subscription', async () => {
      const [one, other] = twoClients()
      const [created, written, deleted] = [one.create(key, 'text'), one.write(key, 'other'), one.delete(key)]
      const [list, read] = [one.list(''), one.read(key)]
      expect(await listed(other, '')).toEqual([])
      expect([await answer(created), await answer(created)]).toEqual([true, false])
      expect([await answer(list), await answer(read)]).toEqual([[key], 'text'])
      await firstValueFrom(written)
      expect(await answer(read)).toBe('other')
      await answer(deleted)
      expect([await answer(list), await answer(read)]).toEqual([[], undefined])
      expect(await answer(created)).toBe(true)
      await answer(written)
      expect(await answer(read)).toBe('other')
    })

    it('should keep places apart', async () => {
      const [one, other] = [makeStorage(unique('storage')), makeStorage(unique('storage'))]
      await answer(one.write(key, 'text'))
      expect(await listed(other, '')).toEqual([])
      expect(await answer(other.create(key, 'other'))).toBe(true)
      expect(await answer(one.read(key))).toBe('text')
    })
  })
}
