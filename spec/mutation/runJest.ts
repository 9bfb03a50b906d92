import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import type { Edits } from './edits.js'

/** Specs, and the sources that they run on. */
export interface JestRun {
  readonly specs: readonly string[]
  /** by file */
  readonly edits: Readonly<Record<string, Edits>>
  readonly timeoutMs: number
}

/** What a spec has told of itself, and which mutants' places it came by. */
export interface SpecRun {
  readonly spec: string
  readonly passed: boolean
  readonly ms: number
  readonly places: ReadonlySet<number>
}

/** Runs them until the first one fails. */
export const verdictOf = async (run: JestRun): Promise<'passed' | 'failed' | 'timed out'> => {
  const code = await inFolder((folder) => jest(run, folder, ['--bail', '--runInBand']))
  return code === undefined ? 'timed out' : code === 0 ? 'passed' : 'failed'
}

/** Runs all of them on sources `withHits`. */
export const recordedRun = (run: JestRun, workers: number): Promise<readonly SpecRun[]> =>
  inFolder(async (folder) => {
    const [results, hits] = [join(folder, 'results.json'), join(folder, 'hits.jsonl')]
    await jest(run, folder, ['--json', '--outputFile', results, `--maxWorkers=${workers}`], { MUTATION_HITS: hits })
    if (!existsSync(results)) throw new Error('The run of all specs was killed, or jest did not start.')
    const placesOf = new Map(linesOf(hits).map(({ spec, places }) => [spec, new Set(places)]))
    const { testResults } = JSON.parse(readFileSync(results, 'utf8')) as JestResults
    return testResults.map(({ name, status, startTime, endTime }) => {
      const spec = relative('.', name)
      return { spec, passed: status === 'passed', ms: endTime - startTime, places: placesOf.get(spec) ?? new Set() }
    })
  })

interface JestResults {
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly startTime: number
    readonly endTime: number
  }[]
}

/** Of `recordHits.ts`. */
interface Hits {
  readonly spec: string
  readonly places: readonly number[]
}

const linesOf = (file: string): readonly Hits[] =>
  (existsSync(file) ? readFileSync(file, 'utf8') : '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Hits)

const inFolder = async <R>(act: (folder: string) => Promise<R>): Promise<R> => {
  const folder = mkdtempSync(join(tmpdir(), 'rx-kafka-mutation-'))
  try {
    return await act(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const program = createRequire(import.meta.url).resolve('jest/bin/jest')

/** The exit code; undefined if it was killed for the time that it took. A mutant may loop, or collect without end. */
const jest = async (
  { specs, edits, timeoutMs }: JestRun,
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<number | undefined> => {
  const editsFile = join(folder, 'edits.json')
  writeFileSync(editsFile, JSON.stringify(edits))
  const child = spawn(
    process.execPath,
    [
      ...['--max-old-space-size=2048', program, '--config', 'spec/mutation/jest.config.js', '--silent'],
      ...[...args, '--runTestsByPath', ...specs],
    ],
    { stdio: 'ignore', env: { ...process.env, MUTATION_EDITS: editsFile, ...env } },
  )
  const kill = () => child.kill('SIGKILL')
  const impatience = setTimeout(kill, timeoutMs)
  process.once('exit', kill)
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  process.off('exit', kill)
  clearTimeout(impatience)
  return signal === 'SIGKILL' ? undefined : (code ?? 1)
}
