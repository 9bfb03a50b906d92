import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, jest } from '@jest/globals'
import { BehaviorSubject, filter, firstValueFrom, map, skipWhile, tap } from 'rxjs'
import type { ConnectKafka } from '../lib/client/KafkaClient.js'
import * as testing from '../lib/testing/index.js'
import { codeBlocks } from './support/docs/codeBlocks.js'
import { runProgram } from './support/docs/runProgram.js'
import { typeCheck } from './support/docs/typeCheck.js'

const readme = readFileSync('README.md', 'utf8')

/** The block of TypeScript under each heading. */
const programsOf = (page: string): ReadonlyMap<string, string> =>
  new Map(
    page.split(/^## /m).flatMap((section) =>
      codeBlocks(section)
        .filter(({ language }) => language === 'ts')
        .map(({ text }) => [section.slice(0, section.indexOf('\n')), text] as const),
    ),
  )

const programs = programsOf(readme)

/** What programs of the README meet where they expect a broker. */
let kafka: testing.MemoryKafka
const openClients = new BehaviorSubject(0)

const mockConnect: ConnectKafka = (config) =>
  kafka.connect(config).pipe(
    map((client) => {
      const close = client.close.bind(client)
      return Object.assign(client, { close: () => close().pipe(tap(() => openClients.next(openClients.value - 1))) })
    }),
    tap(() => openClients.next(openClients.value + 1)),
  )

jest.mock('../lib/defaultClient.js', () => ({ defaultConnect: (config: never) => mockConnect(config) }))

/** The package by its names; loaded here, since an import at the top would come before the mock. */
const modules: Readonly<Record<string, unknown>> = {
  'rx-kafka': jest.requireActual('../lib/index.js'),
  'rx-kafka/testing': testing,
}

const run = (program: string): readonly unknown[] => runProgram(program, modules)

/** Runs a program, with a folder of its own, until it has closed every client that it opened. */
const runToItsEnd = async (program: string): Promise<readonly unknown[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'rx-kafka-readme-'))
  try {
    const ended = firstValueFrom(
      openClients.pipe(
        skipWhile((open) => open === 0),
        filter((open) => open === 0),
      ),
    )
    const logged = run(program.replace(`'checkpoints'`, JSON.stringify(folder)))
    await ended
    return logged
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const flights = ['AMS', 'JFK', 'LIS', 'OSL'].map((origin, n) => JSON.stringify({ origin, delay: 30 * n }))

const withFlights = (): void => {
  kafka = new testing.MemoryKafka({ topics: { flights: 1, delays: 1 } })
  kafka.produce(
    'flights',
    flights.map((value) => ({ value })),
  )
}

describe('README.md', () => {
  it('should hold programs that the compiler accepts, as docs/ does', () => {
    // Their examples are parts of one program: spec/fromFlink.spec.ts and spec/checkpoint/store/objectStore.spec.ts know the rest.
    const pages = readdirSync('docs')
      .filter((file) => file !== 'from-flink.md' && file !== 'object-store.md')
      .map((file) => [file, programsOf(readFileSync(join('docs', file), 'utf8'))] as const)
    const sources = new Map(
      [['README.md', programs] as const, ...pages].flatMap(([page, texts]) =>
        [...texts].map(([heading, text]) => [`spec/${page}-${heading.replaceAll(/\W+/g, '-')}.ts`, text] as const),
      ),
    )
    expect(typeCheck(sources)).toEqual([])
  }, 180_000)

  it('should hold no program that is not run here', () => {
    expect([...programs.keys()]).toEqual(['Read a topic', 'Exactly once, from topic to topic', 'Testing a pipeline'])
  })

  it('should read three flights', async () => {
    withFlights()
    expect(await runToItsEnd(programs.get('Read a topic')!)).toEqual(flights.slice(0, 3))
  })

  it('should copy delayed flights exactly once', async () => {
    withFlights()
    expect(await runToItsEnd(programs.get('Exactly once, from topic to topic')!)).toEqual(['prepared', 'committed'])
    expect(kafka.records('delays', 'read_committed').map(({ value }) => value)).toEqual(['OSL 90'])
  })

  it('should test a pipeline in twenty lines, with a picture that is true, and refused where it is not', () => {
    const program = programs.get('Testing a pipeline')!
    expect(() => run(program)).not.toThrow()
    expect(() => run(program.replace(`'JFK 30'] }`, `'JFK 31'] }`))).toThrow(testing.MarbleMismatch)
    expect(() => run(program.replace('EXACTLY_ONCE', 'AT_LEAST_ONCE'))).toThrow(
      /what came is not what is drawn|Killed at/,
    )
    const test = program.slice(program.indexOf('runMarbles(options'))
    expect(test.trim().split('\n').length).toBeLessThanOrEqual(20)
  })

  it('should name commands that there are', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
    const named = [...readme.matchAll(/\bnpm (?:run )?([a-z:]+)/g)].map(([, script]) => script)
    expect(named).toEqual(expect.arrayContaining(['start', 'test', 'kafka', 'bench']))
    expect(['install', ...Object.keys(scripts)]).toEqual(expect.arrayContaining(named))
  })

  it('should name files that there are', () => {
    const linked = [...readme.matchAll(/\]\((?!http)([^)#]+)\)/g)].map(([, path]) => path!)
    expect(linked.filter((path) => !existsSync(path))).toEqual([])
  })
})
