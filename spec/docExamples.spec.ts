import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, jest } from '@jest/globals'
import * as rxjs from 'rxjs'
import { codeBlocks } from './support/docs/codeBlocks.js'
import { runProgram } from './support/docs/runProgram.js'
import { typeCheck } from './support/docs/typeCheck.js'

/** What examples speak of without saying where it comes from. */
const world: Readonly<Record<string, string>> = {
  Flight:
    'interface Flight { readonly origin: string; readonly delay: number; readonly date: string; readonly departure: number }',
  Order: 'interface Order { readonly customer: string }',
  accepted: 'declare const accepted: KafkaSink<unknown>',
  barrier: 'declare const barrier: CheckpointBarrier',
  checkpoints: 'declare const checkpoints: CheckpointCoordinator',
  client: 'declare const client: KafkaClient',
  connections: 'declare const connections: ClusterByPromises',
  counts: 'declare const counts: Record<string, number>',
  database: 'declare const database: { insert(orders: readonly Order[]): Observable<number> }',
  elements$: 'declare const elements$: Observable<StreamElement<any>>',
  enrich: 'declare const enrich: (text: string) => string',
  flights: 'declare const flights: KafkaSource<Flight>',
  framework: 'declare const framework: TestFramework',
  http: 'declare const http: { getJSON(path: string): Observable<string> }',
  kafka: 'declare const kafka: MemoryKafka',
  lookUp: 'declare const lookUp: (order: string) => Observable<string>',
  now: 'declare const now: number',
  parse: 'declare const parse: (text: string) => Flight',
  nodeId: 'declare const nodeId: number',
  rejected: 'declare const rejected: KafkaSink<unknown>',
  request: 'declare const request: EndTxnRequest',
  restored: 'declare const restored: Restored',
  sink: 'declare const sink: KafkaSink<unknown>',
  source: 'declare const source: KafkaSource<string>',
  split: 'declare const split: KafkaSplit<string>',
  storage: 'declare const storage: CheckpointStorage',
  storageOf: 'declare const storageOf: (place: string) => CheckpointStorage',
  strategy: 'declare const strategy: WatermarkStrategy<string>',
  uid: 'declare const uid: string',
  weather: 'declare const weather: KafkaSource<string>',
}

const files = readdirSync('lib', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('index.ts'))
  .map((file) => ({ file: join('lib', file), text: readFileSync(join('lib', file), 'utf8') }))

/** name → module, of everything that an example may use without importing it */
const modules = new Map<string, string>([
  ...Object.keys(rxjs).map((name) => [name, 'rxjs'] as const),
  ['Observable', 'rxjs'],
  ['isLeft', 'fp-ts/lib/Either.js'],
  ['isRight', 'fp-ts/lib/Either.js'],
  ...files.flatMap(({ file, text }) =>
    [...text.matchAll(/^export (?:abstract )?(?:const|class|function\*?|interface|type) (\w+)/gm)].map(
      ([, name]) => [name as string, `../${file.replace(/\.ts$/, '.js')}`] as const,
    ),
  ),
])

const examples = files.flatMap(({ file, text }) =>
  codeBlocks(text)
    .filter(({ language }) => language === 'ts')
    .map((block) => ({ name: `${file}:${block.line}`, text: block.text })),
)

const words = (text: string): ReadonlySet<string> => new Set(text.match(/[\w$]+/g))

/** The example with what it leaves unsaid in front, all on its first line, so that lines keep their numbers. */
const complete = (example: string): string => {
  const own = new Set([...example.matchAll(/(?:const|class|interface|type) (?:{ )?(\w+)/g)].map(([, name]) => name))
  const used = (text: string, known: (name: string) => boolean): readonly string[] =>
    [...words(text)].filter((name) => known(name) && !own.has(name))
  const inWorld = (name: string): boolean => Object.hasOwn(world, name)

  const direct = used(example, inWorld)
  const spokenOf = new Set([...direct, ...used(direct.map((name) => world[name]).join(' '), inWorld)])
  const declarations = [...spokenOf].map((name) => world[name])
  const imports = used([example, ...declarations].join(' '), (name) => modules.has(name) && !spokenOf.has(name)).map(
    (name) => `import { ${name} } from '${modules.get(name)!}'`,
  )
  return [...imports, `import * as t from 'io-ts'`, ...declarations, example].join('; ')
}

/** A result behind a line, such as `shown(1) // 'one'`: any literal, or several that come one after the other. */
const resultOf = /^(?!const )(.*\S) \/\/ ((?:['"[{-]|\d|true|false|null|undefined|new |Uint8Array\.of).*)$/

const resultsIn = (example: string): readonly string[] =>
  example.split('\n').flatMap((line) => resultOf.exec(line)?.[2] ?? [])

/** Logs what has a result behind it, unless it is logged by the example itself; exports what is expected. */
const asProgram = (example: string): string => {
  const lines = example.split('\n').map((line) => {
    const shown = resultOf.exec(line)?.[1]
    return shown === undefined || /console\.log|\.subscribe\(/.test(shown) ? line : `console.log(${shown})`
  })
  return complete([...lines, `export const expected = [${resultsIn(example).join(', ')}]`].join('\n'))
}

const run = (example: string): { readonly logged: readonly unknown[]; readonly expected?: unknown } => {
  const program = asProgram(example)
  const names = [...program.matchAll(/from '(\.\.\/lib\/[^']*)'/g)].map(([, name]) => name!)
  const modulesOf = Object.fromEntries(names.map((name) => [name, jest.requireActual(name)]))
  const exported: { expected?: unknown } = {}
  const logged = runProgram(program, modulesOf, exported)
  return { logged, expected: exported.expected }
}

describe('the examples in the documentation of lib', () => {
  it('should be there', () => {
    expect(examples.length).toBeGreaterThan(20)
  })

  it('should be accepted by the compiler', () => {
    // As files of spec, so that modules are found from there. What is in front may be unused, and types come as values.
    const sources = new Map(examples.map(({ name, text }) => [`spec/${name.replaceAll('/', '.')}.ts`, complete(text)]))
    const loose = { noUnusedLocals: false, verbatimModuleSyntax: false, isolatedModules: false }
    expect(typeCheck(sources, loose)).toEqual([])
  }, 180_000)

  const withResults = examples.filter(({ text }) => resultsIn(text).length > 0)

  it('should show results', () => {
    expect(withResults.length).toBeGreaterThan(30)
  })

  it.each(withResults)('should have the results that it shows: $name', ({ text }) => {
    const { logged, expected } = run(text)
    expect(logged).toEqual(expected)
  })
})
