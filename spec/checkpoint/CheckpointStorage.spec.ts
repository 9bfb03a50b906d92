import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from '@jest/globals'
import { firstValueFrom } from 'rxjs'
import type { CheckpointStorage } from '../../lib/checkpoint/store/CheckpointStorage.js'
import { fileStorage } from '../../lib/checkpoint/store/fileStorage.js'
import { nodeFileSystem } from '../../lib/checkpoint/store/FileSystem.js'
import { memoryStorage } from '../../lib/checkpoint/store/memoryStorage.js'

const directories: string[] = []
const newDirectory = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'checkpoint-storage-'))
  directories.push(directory)
  return directory
}
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true })
})

/** Two clients of one storage, as two processes have them. */
const storages: readonly (readonly [string, () => readonly [CheckpointStorage, CheckpointStorage]])[] = [
  [
    'memoryStorage',
    () => {
      const texts = new Map<string, string>()
      return [memoryStorage(texts), memoryStorage(texts)]
    },
  ],
  [
    'fileStorage',
    () => {
      const directory = newDirectory()
      return [fileStorage(directory, nodeFileSystem), fileStorage(directory, nodeFileSystem)]
    },
  ],
]

describe.each(storages)('the contract of a CheckpointStorage: %s', (_, clients) => {
  const key = 'attempt-000001-subtasks-0,2-of-3/chk-7.json'

  it('should read what either client wrote, and nothing where there is nothing', async () => {
    const [one, other] = clients()
    expect(await firstValueFrom(one.read(key))).toBeUndefined()
    await firstValueFrom(one.write(key, 'first\n'))
    expect(await firstValueFrom(other.read(key))).toBe('first\n')
    await firstValueFrom(other.write(key, 'ä€😀'))
    expect(await firstValueFrom(one.read(key))).toBe('ä€😀')
    await firstValueFrom(one.write(key, ''))
    expect(await firstValueFrom(other.read(key))).toBe('')
  })

  it('should read nothing where there are longer keys only', async () => {
    const [one] = clients()
    await firstValueFrom(one.write(key, 'text'))
    expect(await firstValueFrom(one.read('attempt-000001-subtasks-0,2-of-3'))).toBeUndefined()
  })

  it('should create a key once, and leave it as it is the second time', async () => {
    const [one, other] = clients()
    expect(await firstValueFrom(one.create(key, 'mine'))).toBe(true)
    expect(await firstValueFrom(other.create(key, 'theirs'))).toBe(false)
    expect(await firstValueFrom(one.create(key, 'mine'))).toBe(false)
    expect(await firstValueFrom(other.read(key))).toBe('mine')
    await firstValueFrom(other.delete(key))
    expect(await firstValueFrom(other.create(key, 'theirs'))).toBe(true)
  })

  it('should let one of many create a key', async () => {
    const both = clients()
    const created = await Promise.all(
      Array.from({ length: 20 }, (_unused, n) => firstValueFrom(both[n % 2]!.create(key, String(n)))),
    )
    expect(created.filter((one) => one)).toHaveLength(1)
    expect(await firstValueFrom(both[0].read(key))).toBe(String(created.indexOf(true)))
  })

  it('should show one text or another while many write a key, never a part', async () => {
    const [one, other] = clients()
    const texts = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(100_000))
    await firstValueFrom(one.write(key, texts[0]!))
    const writes = texts.map((text, n) => firstValueFrom([one, other][n % 2]!.write(key, text)))
    const reads = texts.map(() => firstValueFrom(other.read(key)))
    for (const read of await Promise.all(reads)) expect(texts.includes(read ?? '')).toBe(true)
    await Promise.all(writes)
    expect(await firstValueFrom(one.list(''))).toEqual([key])
  })

  it('should list the keys that begin with a prefix, wherever it ends', async () => {
    const [one, other] = clients()
    const keys = ['attempt-1/claim.json', 'attempt-1/chk-1.json', 'attempt-10/claim.json', 'ids/1-16.json']
    for (const each of keys) await firstValueFrom(one.write(each, 'text'))
    const listed = async (prefix: string) => [...(await firstValueFrom(other.list(prefix)))].sort()

    expect(await listed('')).toEqual([...keys].sort())
    expect(await listed('attempt-')).toEqual(['attempt-1/chk-1.json', 'attempt-1/claim.json', 'attempt-10/claim.json'])
    expect(await listed('attempt-1/')).toEqual(['attempt-1/chk-1.json', 'attempt-1/claim.json'])
    expect(await listed('attempt-1/c')).toEqual(['attempt-1/chk-1.json', 'attempt-1/claim.json'])
    expect(await listed('attempt-1/chk')).toEqual(['attempt-1/chk-1.json'])
    expect(await listed('attempt-1/chk-1.json')).toEqual(['attempt-1/chk-1.json'])
    expect(await listed('ids/')).toEqual(['ids/1-16.json'])
    expect(await listed('rescaled/')).toEqual([])
  })

  it('should delete a key for all, and nothing else; a second time, or another one, is no error', async () => {
    const [one, other] = clients()
    await firstValueFrom(one.write(key, 'text'))
    await firstValueFrom(one.write('ids/1-16.json', 'text'))
    await firstValueFrom(other.delete(key))
    await firstValueFrom(one.delete(key))
    await firstValueFrom(one.delete('savepoints/none.json'))
    expect(await firstValueFrom(one.read(key))).toBeUndefined()
    expect(await firstValueFrom(one.list(''))).toEqual(['ids/1-16.json'])
    await firstValueFrom(one.write(key, 'again'))
    expect(await firstValueFrom(other.read(key))).toBe('again')
  })

  it('should do nothing before it is subscribed to, and act once per subscription', async () => {
    const [one] = clients()
    const created = one.create(key, 'text')
    const deleted = one.delete(key)
    expect(await firstValueFrom(one.list(''))).toEqual([])
    expect([await firstValueFrom(created), await firstValueFrom(created)]).toEqual([true, false])
    await firstValueFrom(deleted)
    expect(await firstValueFrom(created)).toBe(true)
  })
})

describe('fileStorage', () => {
  it('should leave no file and no folder behind', async () => {
    const directory = newDirectory()
    const storage = fileStorage(directory, nodeFileSystem)
    const keys = ['attempt-1/claim.json', 'attempt-1/chk-1.json', 'ids/1-16.json']
    for (const key of keys) {
      await firstValueFrom(storage.create(key, 'text'))
      await firstValueFrom(storage.create(key, 'text'))
      await firstValueFrom(storage.write(key, 'other'))
    }
    expect(readdirSync(directory, { recursive: true }).sort()).toEqual([...keys, 'attempt-1', 'ids'].sort())
    for (const key of keys) await firstValueFrom(storage.delete(key))
    expect(readdirSync(directory)).toEqual([])
  })

  it('should remove with a key what a process that was killed has left of it unfinished, and nothing of another key', async () => {
    const directory = newDirectory()
    const storage = fileStorage(directory, nodeFileSystem)
    for (const key of ['ids/1-16.json', 'ids/17-32.json']) await firstValueFrom(storage.create(key, 'text'))
    for (const key of ['ids/1-16.json', 'ids/17-32.json']) writeFileSync(join(directory, `${key}.killed-1.tmp`), 'te')
    await firstValueFrom(storage.delete('ids/1-16.json'))
    expect(readdirSync(join(directory, 'ids')).sort()).toEqual(['17-32.json', '17-32.json.killed-1.tmp'])
  })

  it('should list no key that a process was killed while it wrote', async () => {
    const directory = newDirectory()
    const storage = fileStorage(directory, nodeFileSystem)
    await firstValueFrom(storage.create('ids/1-16.json', 'text'))
    writeFileSync(join(directory, 'ids', '17-32.json.killed-1.tmp'), 'te')
    for (const prefix of ['', 'ids/', 'ids/17'])
      expect(await firstValueFrom(storage.list(prefix))).toEqual(prefix === 'ids/17' ? [] : ['ids/1-16.json'])
  })
})
