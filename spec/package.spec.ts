import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import ts from 'typescript'
import { codeBlocks } from './support/docs/codeBlocks.js'
import { installPackage } from './support/package/installPackage.js'

let folder: string

beforeAll(() => {
  folder = installPackage(['@types/node'])
}, 300_000)

afterAll(() => rmSync(folder, { recursive: true }))

/** What Node prints of a program that stands beside the installed package. */
const run = (file: string, program: string): string => {
  writeFileSync(join(folder, file), program)
  return execFileSync(process.execPath, [join(folder, file)], { cwd: folder, encoding: 'utf8' })
}

const flights = `
import { KafkaSource, OffsetsInitializer, SimpleStringSchema } from 'rx-kafka'
import { MemoryKafka } from 'rx-kafka/testing'

const kafka = new MemoryKafka({ topics: { flights: 1 } })
kafka.produce('flights', [{ value: 'AMS' }, { value: 'JFK' }])
KafkaSource.builder()
  .setBootstrapServers('localhost:9092')
  .setTopics('flights')
  .setStartingOffsets(OffsetsInitializer.earliest())
  .setBounded(OffsetsInitializer.latest())
  .setValueOnlyDeserializer(new SimpleStringSchema())
  .build()
  .records({ connect: kafka.connect })
  .subscribe(console.log)
`

describe('the package, as it is installed', () => {
  it('should run as ES modules and as CommonJS', () => {
    const { outputText } = ts.transpileModule(flights, { compilerOptions: { module: ts.ModuleKind.CommonJS } })
    expect(run('flights.mjs', flights)).toBe('AMS\nJFK\n')
    expect(run('flights.cjs', outputText)).toBe('AMS\nJFK\n')
  })

  it('should know errors of its other build as its own', () => {
    const printed = run(
      'both.mjs',
      `
      import { createRequire } from 'node:module'
      import * as esm from 'rx-kafka'
      import * as esmTesting from 'rx-kafka/testing'
      import * as esmConformance from 'rx-kafka/conformance'
      const require = createRequire(import.meta.url)
      const imported = { ...esm, ...esmTesting, ...esmConformance }
      const required = { ...require('rx-kafka'), ...require('rx-kafka/testing'), ...require('rx-kafka/conformance') }
      const one = (errorClass) => Object.create(errorClass.prototype)
      const known = Object.keys(imported)
        .filter((name) => imported[name].prototype instanceof Error)
        .map((name) => [
          name,
          imported[name] === required[name],
          one(required[name]) instanceof imported[name],
          one(imported[name]) instanceof required[name],
        ])
      const error = { _tag: 'Timeout', message: 'no answer' }
      const guards = [
        imported.isKafkaError(new required.KafkaError(error)),
        required.isKafkaError(new imported.KafkaError(error)),
        required.isKafkaError(new imported.SourceError('State', 'does not fit')),
      ]
      console.log(JSON.stringify({ known, guards }))
      `,
    )
    const { known, guards } = JSON.parse(printed) as { readonly known: readonly unknown[]; readonly guards: unknown }
    expect(known.length).toBeGreaterThanOrEqual(7)
    for (const [name, ...facts] of known as readonly (readonly unknown[])[])
      expect([name, ...facts]).toEqual([name, false, true, true])
    expect(guards).toEqual([true, true, false])
  })

  it('should load the modules of fp-ts that it names, and not all of them', () => {
    const loaded = run(
      'loaded.cjs',
      `require('rx-kafka'); console.log(Object.keys(require.cache).filter((file) => file.includes('fp-ts')).join('\\n'))`,
    )
      .trim()
      .split('\n')
    expect(loaded).toContainEqual(expect.stringContaining('fp-ts/lib/Either.js'))
    expect(loaded).not.toContainEqual(expect.stringMatching(/fp-ts\/lib\/index\.js$/))
    expect(loaded.length).toBeLessThan(40)
  })

  it.each([
    ['commonjs', 'node10'],
    ['node16', 'node16'],
    ['esnext', 'bundler'],
  ])('should have types of all its entries, module %s, moduleResolution %s', (module, moduleResolution) => {
    const file = join(folder, `types-${moduleResolution}.ts`)
    writeFileSync(
      file,
      `
      import { type KafkaSource, KafkaError } from 'rx-kafka'
      import { MemoryKafka } from 'rx-kafka/testing'
      import { describeClientContract } from 'rx-kafka/conformance'
      import { PromClientMetricGroup } from 'rx-kafka/prom-client'
      export const topics: number = new MemoryKafka().records('flights').length
      export const group: { readonly gauge: unknown } = new PromClientMetricGroup()
      export const suite: (name: string, ...rest: never) => void = describeClientContract
      export const wrong: number = new KafkaError({ _tag: 'Timeout', message: '' }).message
      export type Source = KafkaSource<string>
      `,
    )
    const { options } = ts.convertCompilerOptionsFromJson(
      {
        module,
        moduleResolution,
        ignoreDeprecations: '6.0',
        target: 'es2022',
        strict: true,
        noEmit: true,
        skipLibCheck: true,
        types: ['node'],
        typeRoots: [resolve('node_modules/@types')],
      },
      folder,
    )
    const program = ts.createProgram([file], options)
    expect(
      ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
    ).toEqual([`Type 'string' is not assignable to type 'number'.`])
  })

  it('should be bundled as the README says', () => {
    const readme = readFileSync('README.md', 'utf8')
    const [command] = codeBlocks(readme.slice(readme.indexOf('## Bundling')))
    writeFileSync(join(folder, 'job.js'), flights)
    execFileSync('sh', ['-c', command!.text], {
      cwd: folder,
      env: { ...process.env, PATH: `${resolve('node_modules/.bin')}:${process.env['PATH']}` },
      stdio: 'pipe',
    })
    expect(execFileSync(process.execPath, ['job.bundle.mjs'], { cwd: folder, encoding: 'utf8' })).toBe('AMS\nJFK\n')
  })
})
