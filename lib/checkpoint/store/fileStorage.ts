import { basename, dirname, join } from 'node:path'
import { defer, from, type Observable } from 'rxjs'
import type { CheckpointStorage } from './CheckpointStorage.js'
import type { FileSystem } from './FileSystem.js'

/** Ends the name of a file that is being written. Such a file is never read. */
const TEMPORARY = '.tmp'

/**
 * A storage in a directory: a key is a path below it.
 *
 * A text is written under a temporary name, synced, then renamed (`write`) or linked (`create`) to its own, and the directory is
 * synced. So a file under its own name is complete. (`O_EXCL` would show the name before its content.) Needs hard links, and the
 * promises of a local file system for `rename` and `link`.
 */
export const fileStorage = (root: string, files: FileSystem): CheckpointStorage => {
  const once = <A>(act: () => Promise<A>): Observable<A> => defer(() => from(act()))
  /** Processes on several machines may share the directory. */
  const writer = Math.random().toString(36).slice(2)
  let writes = 0

  /** Writes the text beside its place, hands that file to `place`, and leaves nothing behind when that fails. */
  const placed = async <A>(key: string, text: string, place: (temporary: string, path: string) => Promise<A>) => {
    const path = join(root, key)
    const temporary = `${path}.${writer}-${++writes}${TEMPORARY}`
    await files.makeDirectory(dirname(path))
    try {
      await files.write(temporary, text)
      const placedAs = await place(temporary, path)
      await files.syncDirectory(dirname(path))
      return placedAs
    } catch (error) {
      await files.remove(temporary).catch(() => undefined)
      throw error
    }
  }

  /** The keys of a name in a folder: itself if it is a file, all below it if it is a folder. Folders have no ending. */
  const keysOf = async (key: string): Promise<readonly string[]> => {
    if (key.endsWith(TEMPORARY)) return []
    if (key.endsWith('.json')) return [key]
    const names = await files.list(join(root, key))
    if (names.length === 0) return (await files.read(join(root, key))) === undefined ? [] : [key]
    return keysIn(key, names)
  }

  const keysIn = async (folder: string, names: readonly string[]): Promise<readonly string[]> => {
    const keys: string[] = []
    for (const name of names) keys.push(...(await keysOf(folder === '' ? name : `${folder}/${name}`)))
    return keys
  }

  const list = async (prefix: string): Promise<readonly string[]> => {
    const folder = prefix.slice(0, Math.max(0, prefix.lastIndexOf('/')))
    const start = prefix.slice(folder.length).replace(/^\//, '')
    const names = await files.list(join(root, folder))
    return keysIn(
      folder,
      names.filter((name) => name.startsWith(start)),
    )
  }

  /** With what processes that were killed have left of it unfinished; and with the folder, when no other key is left in it. */
  const remove = async (key: string): Promise<void> => {
    await files.remove(join(root, key))
    const folder = dirname(key)
    if (folder === '.') return
    const names = await files.list(join(root, folder))
    const empty = names.every((name) => name.endsWith(TEMPORARY))
    const unfinished = names.filter((name) => name.endsWith(TEMPORARY) && name.startsWith(`${basename(key)}.`))
    for (const name of empty ? names : unfinished) await files.remove(join(root, folder, name))
    if (empty) await files.removeDirectory(join(root, folder))
  }

  return {
    list: (prefix) => once(() => list(prefix)),
    read: (key) => once(() => files.read(join(root, key))),
    create: (key, text) =>
      once(() =>
        placed(key, text, async (temporary, path) => {
          const created = await files.link(temporary, path)
          await files.remove(temporary)
          return created
        }),
      ),
    write: (key, text) => once(() => placed(key, text, (temporary, path) => files.rename(temporary, path))),
    delete: (key) => once(() => remove(key)),
  }
}
