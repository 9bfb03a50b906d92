import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Inputs kept in files, one folder for each target. A file is named by its content. */
export class Corpus {
  private readonly folder: string

  constructor(target: string) {
    this.folder = join('spec', 'fuzz', 'corpus', target)
  }

  read(): readonly { readonly name: string; readonly input: Buffer }[] {
    mkdirSync(this.folder, { recursive: true })
    const names = readdirSync(this.folder).sort()
    return names.map((name) => ({ name, input: readFileSync(join(this.folder, name)) }))
  }

  /** An input that showed a fault: it stays when the fault is mended. */
  addFound(input: Buffer): string {
    const file = join(this.folder, `${FOUND}${hash(input)}`)
    writeFileSync(file, input)
    return file
  }

  /** What was kept is replaced; what was found stays. */
  replace(inputs: readonly Buffer[]): void {
    const found = this.read().filter(({ name }) => name.startsWith(FOUND))
    const hashes = new Set(found.map(({ name }) => name.slice(FOUND.length)))
    for (const { name } of this.read()) if (!name.startsWith(FOUND)) rmSync(join(this.folder, name))
    for (const input of inputs) if (!hashes.has(hash(input))) writeFileSync(join(this.folder, hash(input)), input)
  }
}

const FOUND = 'found-'

const hash = (input: Buffer): string => createHash('sha256').update(input).digest('hex').slice(0, 16)
