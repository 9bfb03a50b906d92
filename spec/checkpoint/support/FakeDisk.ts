import { dirname } from 'node:path'
import type { FileSystem } from '../../../lib/checkpoint/store/FileSystem.js'

const DIRECTORY = Symbol('directory')

/** The end of a process, in the middle of what it did. */
export class Killed extends Error {}

/**
 * A disk that several processes share. A process can be killed at any step, in the middle of a write too; and power can be
 * lost: then each name that was not synced is, or is not, as it was last.
 */
export class FakeDisk {
  private names = new Map<string, string | typeof DIRECTORY>()
  private synced = new Map<string, string | typeof DIRECTORY>()

  /** When all that was asked of it is done. */
  readonly idle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

  /** A process that lives for so many steps. `turn` is awaited before each, so that a spec can interleave processes. */
  process(
    steps = Infinity,
    turn: () => Promise<void> = () => Promise.resolve(),
  ): FileSystem & { readonly dead: boolean } {
    let left = steps
    const step = async <A>(act: () => A, half?: () => void): Promise<A> => {
      if (left <= 0) throw new Killed()
      await turn()
      left -= 1
      if (left <= 0) {
        half?.()
        throw new Killed()
      }
      return act()
    }
    const need = (path: string): void => {
      if (this.names.get(path) !== DIRECTORY) throw new Error(`ENOENT: ${path}`)
    }
    const put = (path: string, text: string): void => {
      need(dirname(path))
      this.names.set(path, text)
    }
    return {
      get dead() {
        return left <= 0
      },
      makeDirectory: (path) =>
        step(() => {
          for (let made = path; made !== '/'; made = dirname(made)) {
            this.names.set(made, DIRECTORY)
            this.synced.set(made, DIRECTORY)
          }
        }),
      list: (path) => step(() => this.children(path).map((child) => child.slice(path.length + 1))),
      read: (path) =>
        step(() => {
          const text = this.names.get(path)
          return text === DIRECTORY ? undefined : text
        }),
      write: (path, text) =>
        step(
          () => put(path, text),
          () => put(path, text.slice(0, text.length / 2)),
        ),
      rename: (from, to) =>
        step(() => {
          if (!this.names.has(from)) throw new Error(`ENOENT: ${from}`)
          need(dirname(to))
          this.names.set(to, this.names.get(from)!)
          this.names.delete(from)
        }),
      link: (from, to) =>
        step(() => {
          if (!this.names.has(from)) throw new Error(`ENOENT: ${from}`)
          need(dirname(to))
          if (this.names.has(to)) return false
          this.names.set(to, this.names.get(from)!)
          return true
        }),
      syncDirectory: (path) =>
        step(() => {
          need(path)
          for (const child of this.children(path, this.synced)) if (!this.names.has(child)) this.synced.delete(child)
          for (const child of this.children(path)) this.synced.set(child, this.names.get(child)!)
        }),
      remove: (path) => step(() => void this.names.delete(path)),
      removeDirectory: (path) =>
        step(() => {
          if (this.children(path).length === 0) this.names.delete(path)
        }),
    }
  }

  /** `survives`: whether the next name that was not synced is as it was last. */
  losePower(survives: () => boolean): void {
    for (const path of new Set([...this.names.keys(), ...this.synced.keys()])) {
      const before = this.synced.get(path)
      if (before === this.names.get(path) || survives()) continue
      if (before === undefined) this.names.delete(path)
      else this.names.set(path, before)
    }
    for (const path of [...this.names.keys()])
      if (path !== '/job' && this.names.get(dirname(path)) !== DIRECTORY) this.names.delete(path)
    this.synced = new Map(this.names)
  }

  /** Puts something else into a file. */
  damage(path: string, text: string): void {
    if (!this.names.has(path)) throw new Error(`There is no ${path}.`)
    this.names.set(path, text)
  }

  get files(): readonly string[] {
    return [...this.names].flatMap(([path, content]) => (content === DIRECTORY ? [] : [path])).sort()
  }

  read(path: string): string | undefined {
    const text = this.names.get(path)
    return text === DIRECTORY ? undefined : text
  }

  private children(path: string, names = this.names): string[] {
    return [...names.keys()].filter((name) => name !== path && dirname(name) === path)
  }
}
