import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { compileFunction } from 'node:vm'
import { transformSync } from '@swc/core'
import { createInstrumenter } from 'istanbul-lib-instrument'

/** How often each statement of a file was run, and each side of its branches: what istanbul's code counts into. */
export interface FileCounters {
  readonly s: Record<string, number>
  readonly b: Record<string, number[]>
}

export interface Loaded {
  readonly exports: unknown
  readonly counters: readonly FileCounters[]
}

const COUNTERS = '__fuzzed__'

/** Loads a source file and all it imports, apart from what this process has loaded; `counted` says where to count. */
export const loadInstrumented = (file: string, counted: (file: string) => boolean): Loaded => {
  const modules = new Map<string, { exports: unknown }>()
  const load = (path: string): unknown => {
    const known = modules.get(path)
    if (known !== undefined) return known.exports
    const module = { exports: {} }
    modules.set(path, module)
    const fromPackages = createRequire(path)
    const require = (name: string): unknown =>
      name.startsWith('.') ? load(sourceOf(join(dirname(path), name))) : fromPackages(name)
    const code = counted(path) ? withCounters(compiled(path), path) : compiled(path)
    const run = compileFunction(code, ['require', 'module', 'exports'], { filename: path })
    run(require, module, module.exports)
    return module.exports
  }
  const exports = load(file)
  const byFile = ((globalThis as Record<string, unknown>)[COUNTERS] ?? {}) as Record<string, FileCounters>
  return { exports, counters: Object.values(byFile) }
}

/** Imports name what the compiler would have made: `x.js`, `x.cjs`. */
const sourceOf = (path: string): string => {
  const source = path.replace(/js$/, 'ts')
  if (!existsSync(source)) throw new Error(`${source} is not there`)
  return source
}

const compiled = (path: string): string =>
  transformSync(readFileSync(path, 'utf8'), {
    filename: path,
    swcrc: false,
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022', keepClassNames: true },
    module: { type: 'commonjs' },
  }).code

const withCounters = (code: string, path: string): string =>
  createInstrumenter({ coverageVariable: COUNTERS, esModules: false, compact: false }).instrumentSync(code, path)
