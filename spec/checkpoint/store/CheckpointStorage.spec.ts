import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { firstValueFrom } from 'rxjs'
import type { CheckpointStorage } from '../../../lib/checkpoint/store/CheckpointStorage.js'
import { fileStorage } from '../../../lib/checkpoint/store/fileStorage.js'
import { nodeFileSystem } from '../../../lib/checkpoint/store/FileSystem.js'
import { memoryStorage } from '../../../lib/checkpoint/store/memoryStorage.js'
import { describeCheckpointStorageContract, describeCheckpointStoreContract } from '../../../lib/conformance/index.js'
import { FakeDisk } from '../support/FakeDisk.js'

const framework = { afterEach, beforeEach, describe, expect, it }

const directories: string[] = []
const newDirectory = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'checkpoint-storage-'))
  directories.push(directory)
  return directory
}
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true })
})

/** What is made anew for each place, once. */
const byPlace = <A>(make: () => A): ((place: string) => A) => {
  const made = new Map<string, A>()
  return (place) => {
    const there = made.get(place) ?? make()
    made.set(place, there)
    return there
  }
}

const texts = byPlace(() => new Map<string, string>())
const memoryAt = (place: string): CheckpointStorage => memoryStorage(texts(place))
describeCheckpointStorageContract('memoryStorage', memoryAt, framework)
describeCheckpointStoreContract('memoryStorage', memoryAt, framework)

const root = newDirectory()
describeCheckpointStorageContract('fileStorage', (place) => fileStorage(join(root, place), nodeFileSystem), framework)
// On a disk in memory: a real one takes a minute for the many attempts.
const disks = byPlace(() => new FakeDisk())
describeCheckpointStoreContract('fileStorage', (place) => fileStorage('/job', disks(place).process()), framework)

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
