import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { KafkaUnavailable } from './KafkaUnavailable.js'
import { serverProperties } from './serverProperties.js'

/** A version of Kafka, ready to run. */
export interface KafkaJars {
  readonly version: string
  readonly java: string
  readonly classpath: string
  /** A fresh log folder, as StorageTool of this version writes it: metadata with its features (transactions v2, …). */
  readonly formatted: string
  /** where `makeClassArchive` leaves what makes Java start quicker */
  readonly classArchive: string
}

const here = fileURLToPath(new URL('.', import.meta.url))
const cache = join(here, '../../../node_modules/.cache/rx-kafka')
const lockDeadlineMs = 600_000

/**
 * The jars of a Kafka version, copied by Maven into `node_modules/.cache` the first time. The folder gets its name when
 * it is complete, so it is there whole or not at all; whoever comes second waits for the first.
 * Synchronous, so that a spec file can decide at once whether its describe blocks can run.
 *
 * @throws KafkaUnavailable
 */
export const kafkaJars = (version: string): KafkaJars => {
  const java = executable('java', process.env['JAVA_HOME'])
  if (java === undefined) throw new KafkaUnavailable('Real Kafka needs Java 17: no `java` in JAVA_HOME or PATH.')
  const folder = join(cache, `kafka-${version}-formatted`)
  if (!existsSync(folder)) whileLocked(`${folder}.lock`, () => existsSync(folder) || download(version, java, folder))
  return {
    version,
    java,
    classpath: join(folder, '*'),
    formatted: join(folder, 'formatted'),
    classArchive: join(folder, 'classes.jsa'),
  }
}

const download = (version: string, java: string, folder: string): void => {
  const maven = executable('mvn', process.env['MAVEN_HOME'])
  if (maven === undefined)
    throw new KafkaUnavailable(`Kafka ${version} is downloaded by Maven: no \`mvn\` in MAVEN_HOME or PATH.`)
  const partial = `${folder}.partial`
  rmSync(partial, { recursive: true, force: true })
  run(maven, [
    '--quiet',
    '--batch-mode',
    `--file=${join(here, 'pom.xml')}`,
    'dependency:copy-dependencies',
    '-DincludeScope=runtime',
    `-Dkafka.version=${version}`,
    `-DoutputDirectory=${partial}`,
  ])
  format(java, partial)
  renameSync(partial, folder)
}

/** Formatting costs a JVM start, and writes the same for every node but its ids (`meta.properties`): done once. */
const format = (java: string, jars: string): void => {
  const logs = join(jars, 'formatted')
  const properties = join(jars, 'format.properties')
  const settings = serverProperties({ id: 1, port: 1, voters: [{ id: 1, port: 2 }], folder: logs, config: {} })
  writeFileSync(properties, settings)
  run(java, ['-cp', join(jars, '*'), 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', properties])
  rmSync(join(logs, 'meta.properties'))
  rmSync(properties)
}

/** Any base64 uuid; every cluster of ours bears it. */
export const clusterId = 'cnhrYWZrYS1vZi1zcGVjcw'

const run = (command: string, args: readonly string[]): void => {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status === 0) return
  throw new KafkaUnavailable(`\`${[command, ...args].join(' ')}\` failed:\n${lastLines(stdout + stderr)}`)
}

const lastLines = (text: string): string => text.trim().split('\n').slice(-15).join('\n')

const whileLocked = (lock: string, act: () => unknown): void => {
  mkdirSync(cache, { recursive: true })
  const deadline = Date.now() + lockDeadlineMs
  while (!takeLock(lock)) {
    if (Date.now() > deadline) throw new KafkaUnavailable(`Another process has held ${lock} for too long; remove it.`)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
  }
  try {
    act()
  } finally {
    rmSync(lock, { force: true })
  }
}

const takeLock = (lock: string): boolean => {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch {
    if (!isHeld(lock)) rmSync(lock, { force: true })
    return false
  }
}

const isHeld = (lock: string): boolean => {
  try {
    const owner = Number(readFileSync(lock, 'utf8'))
    if (owner > 0) process.kill(owner, 0)
    return true
  } catch {
    return false
  }
}

const executable = (name: string, home: string | undefined): string | undefined =>
  [...(home === undefined ? [] : [join(home, 'bin')]), ...(process.env['PATH'] ?? '').split(delimiter)]
    .map((folder) => join(folder, name))
    .find(isExecutable)

const isExecutable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
