import { defer, of } from 'rxjs'
import type { CheckpointStorage } from './CheckpointStorage.js'

/** A storage in this process: what it holds survives attempts, not the process. */
export const memoryStorage = (texts = new Map<string, string>()): CheckpointStorage => {
  return {
    list: (prefix) => defer(() => of([...texts.keys()].filter((key) => key.startsWith(prefix)))),
    read: (key) => defer(() => of(texts.get(key))),
    create: (key, text) =>
      defer(() => {
        const free = !texts.has(key)
        if (free) texts.set(key, text)
        return of(free)
      }),
    write: (key, text) =>
      defer(() => {
        texts.set(key, text)
        return of(undefined)
      }),
    delete: (key) =>
      defer(() => {
        texts.delete(key)
        return of(undefined)
      }),
  }
}
