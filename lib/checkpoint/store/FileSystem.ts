import { link, mkdir, open, readdir, readFile, rename, rmdir, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'

/** What the file store needs of a file system: a port, so that a spec can stop it at every step. */
export interface FileSystem {
  /** With its parents, durably; it may be there already. */
  makeDirectory(path: string): Promise<void>
  /** The names in a directory; none when there is no such directory. */
  list(path: string): Promise<readonly string[]>
  /** Undefined when there is no such file, or it is a directory. */
  read(path: string): Promise<string | undefined>
  /** Writes a file anew; its content, not its name, is durable then. */
  write(path: string, text: string): Promise<void>
  /** Replaces what is there, at once or not at all. */
  rename(from: string, to: string): Promise<void>
  /** Gives a file a second name; false when that name is taken. */
  link(from: string, to: string): Promise<boolean>
  /** Makes the names in a directory durable. */
  syncDirectory(path: string): Promise<void>
  /** A file; nothing when it is not there. */
  remove(path: string): Promise<void>
  /** A directory if it is empty; nothing otherwise. */
  removeDirectory(path: string): Promise<void>
}

const syncDirectory = async (path: string): Promise<void> => {
  // Windows cannot open a directory, and needs no such call.
  if (process.platform === 'win32') return
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

const unless =
  <A>(codes: string | readonly string[], instead: A) =>
  (error: NodeJS.ErrnoException): A => {
    if (error.code !== undefined && codes.includes(error.code)) return instead
    throw error
  }

/** The file system of this machine. */
export const nodeFileSystem: FileSystem = {
  makeDirectory: async (path) => {
    const first = await mkdir(path, { recursive: true })
    if (first === undefined) return
    for (let made = path; made.length >= first.length; made = dirname(made)) await syncDirectory(dirname(made))
  },
  list: (path) => readdir(path).catch(unless<string[]>(['ENOENT', 'ENOTDIR'], [])),
  read: (path) => readFile(path, 'utf8').catch(unless(['ENOENT', 'EISDIR', 'ENOTDIR'], undefined)),
  write: async (path, text) => {
    const file = await open(path, 'w')
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
  },
  rename: (from, to) => rename(from, to),
  link: (from, to) => link(from, to).then(() => true, unless('EEXIST', false)),
  syncDirectory,
  remove: (path) => unlink(path).catch(unless('ENOENT', undefined)),
  removeDirectory: (path) => rmdir(path).catch(unless(['ENOENT', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR'], undefined)),
}
