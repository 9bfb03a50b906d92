import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** What takes long: real brokers, processes, the compiler, the package. */
const slow = /describe(Each)?Kafka|child_process|typeCheck|installPackage|ts\.createProgram|from 'typescript'/

/** Specs that run in memory and in virtual time. */
export const fastSpecs = (): readonly string[] =>
  readdirSync('spec', { recursive: true, encoding: 'utf8' })
    .map((file) => join('spec', file))
    .filter((file) => file.endsWith('.spec.ts') && !slow.test(readFileSync(file, 'utf8')))

/** How many folders a spec and a file of lib have in common, and more if it bears the file's name. */
export const nearness = (spec: string, file: string): number => {
  const [ofSpec, ofFile] = [spec, file].map((path) => dirname(path).split('/').slice(1)) as [string[], string[]]
  const apart = ofFile.findIndex((folder, depth) => folder !== ofSpec[depth])
  const sameName = basename(spec, '.spec.ts') === basename(file, '.ts')
  return (apart < 0 ? ofFile.length : apart) + (sameName ? 0.5 : 0)
}
