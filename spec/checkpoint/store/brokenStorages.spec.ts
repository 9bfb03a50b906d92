import { describe, expect, it } from '@jest/globals'
import {
  concat,
  concatMap,
  defer,
  EMPTY,
  filter,
  ignoreElements,
  map,
  type Observable,
  of,
  shareReplay,
  throwError,
  timer,
  toArray,
} from 'rxjs'
import type { CheckpointStorage } from '../../../lib/checkpoint/store/CheckpointStorage.js'
import { memoryStorage } from '../../../lib/checkpoint/store/memoryStorage.js'
import { describeCheckpointStorageContract } from '../../../lib/conformance/index.js'

/** The titles of specs that fail, of those that a suite describes. */
const failing = async (storageAt: (place: string) => CheckpointStorage): Promise<readonly string[]> => {
  const specs: [string, () => Promise<void> | void][] = []
  describeCheckpointStorageContract('a broken storage', storageAt, {
    describe: (_, body) => body(),
    it: (title, body) => void specs.push([title, body]),
    beforeEach: () => undefined,
    afterEach: () => undefined,
    expect,
  })
  const failed: string[] = []
  for (const [title, body] of specs) {
    try {
      await body()
    } catch {
      failed.push(title)
    }
  }
  return failed
}

const places = new Map<string, Map<string, string>>()
const textsAt = (place: string): Map<string, string> => {
  const texts = places.get(place) ?? new Map<string, string>()
  places.set(place, texts)
  return texts
}

/** An answer over a network. */
const later = <A>(call: Observable<A>): Observable<A> => timer(0).pipe(concatMap(() => call))

/** Each is a storage as somebody might write it, wrong in one way. */
const broken: readonly (readonly [
  fault: string,
  make: (texts: Map<string, string>, storage: CheckpointStorage) => Partial<CheckpointStorage>,
  title: RegExp,
])[] = [
  [
    'looks whether a key is there, then writes it',
    (texts, storage) => ({
      create: (key, text) =>
        later(defer(() => of(texts.has(key)))).pipe(
          concatMap((there) => (there ? of(false) : later(storage.write(key, text)).pipe(map(() => true)))),
        ),
    }),
    /one of many/,
  ],
  [
    'writes a key that it should create',
    (_, storage) => ({ create: (key, text) => storage.write(key, text).pipe(map(() => true)) }),
    /create a key once/,
  ],
  [
    'takes an empty text for none',
    (texts, storage) => ({
      create: (key, text) => defer(() => (texts.get(key) ? of(false) : storage.write(key, text).pipe(map(() => true)))),
    }),
    /an empty one neither/,
  ],
  [
    'shows a name before its content',
    (_, storage) => ({
      create: (key, text) =>
        storage
          .create(key, '')
          .pipe(concatMap((created) => (created ? later(storage.write(key, text)).pipe(map(() => true)) : of(false)))),
    }),
    /whole or not at all/,
  ],
  [
    'writes in two steps',
    (_, storage) => ({
      write: (key, text) =>
        concat(
          storage.write(key, text.slice(0, text.length / 2)).pipe(ignoreElements()),
          later(storage.write(key, text)),
        ),
    }),
    /never a part/,
  ],
  [
    'lists one page',
    (_, storage) => ({ list: (prefix) => storage.list(prefix).pipe(map((keys) => keys.slice(0, 1_000))) }),
    /however many pages/,
  ],
  [
    'counts its pages from the start',
    (_, storage) => {
      const page = (prefix: string, from: number): Observable<readonly string[]> =>
        later(storage.list(prefix)).pipe(
          map((keys) => keys.slice(from, from + 100)),
          concatMap((keys) => (keys.length === 0 ? of(keys) : concat(of(keys), page(prefix, from + 100)))),
        )
      return {
        delete: (key) => later(storage.delete(key)),
        list: (prefix) =>
          page(prefix, 0).pipe(
            toArray(),
            map((pages) => pages.flat()),
          ),
      }
    },
    /whatever comes and goes/,
  ],
  [
    'lists what was there a moment ago',
    (_, storage) => {
      let last: readonly string[] = []
      return {
        list: (prefix) =>
          storage.list('').pipe(
            map((keys) => {
              const stale = last
              last = keys
              return stale.filter((key) => key.startsWith(prefix))
            }),
          ),
      }
    },
    /list at once/,
  ],
  [
    'lists folders alone',
    (_, storage) => ({
      list: (prefix) =>
        storage.list('').pipe(map((keys) => keys.filter((key) => `${key}/`.startsWith(prefix.replace(/[^/]*$/, ''))))),
    }),
    /wherever it ends/,
  ],
  [
    'knows no text of what is not there',
    (_, storage) => ({ read: (key) => storage.read(key).pipe(filter((text) => text !== undefined)) }),
    /nothing where there is nothing/,
  ],
  [
    'deletes what is not there with an error',
    (texts, storage) => ({
      delete: (key) => defer(() => (texts.has(key) ? storage.delete(key) : throwError(() => new Error('404')))),
    }),
    /a second time/,
  ],
  [
    'deletes a folder',
    (texts, storage) => ({
      delete: (key) =>
        defer(() => {
          for (const other of [...texts.keys()]) if (other.startsWith(key.split('/')[0]!)) texts.delete(other)
          return storage.delete(key)
        }),
    }),
    /however many pages|list at once/,
  ],
  [
    'acts when it is called',
    (_, storage) => ({
      create: (key, text) => {
        const created = storage.create(key, text).pipe(shareReplay({ bufferSize: 1, refCount: false }))
        created.subscribe()
        return created
      },
    }),
    /before it is subscribed to/,
  ],
  [
    'acts once',
    (_, storage) => ({
      create: (key, text) => storage.create(key, text).pipe(shareReplay({ bufferSize: 1, refCount: false })),
    }),
    /once per subscription/,
  ],
  [
    'does not answer a write',
    (_, storage) => ({ write: (key, text) => storage.write(key, text).pipe(concatMap(() => EMPTY)) }),
    /answer each call once/,
  ],
]

describe('the contract of a CheckpointStorage', () => {
  it.each(broken)('should not be kept by one that %s', async (_, make, title) => {
    const failed = await failing((place) => {
      const texts = textsAt(place)
      const storage = memoryStorage(texts)
      return { ...storage, ...make(texts, storage) }
    })
    expect(failed).toContainEqual(expect.stringMatching(title))
  })

  it('should not be kept by one that has one place for all', async () => {
    const storage = memoryStorage()
    expect(await failing(() => storage)).toContainEqual(expect.stringMatching(/places apart/))
  })

  it('should be kept by one that takes its time', async () => {
    expect(
      await failing((place) => {
        const storage = memoryStorage(textsAt(place))
        return {
          list: (prefix) => later(storage.list(prefix)),
          read: (key) => later(storage.read(key)),
          create: (key, text) => later(storage.create(key, text)),
          write: (key, text) => later(storage.write(key, text)),
          delete: (key) => later(storage.delete(key)),
        }
      }),
    ).toEqual([])
  }, 60_000)
})
