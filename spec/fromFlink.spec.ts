import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { codeBlocks } from './support/docs/codeBlocks.js'
import { typeCheck } from './support/docs/typeCheck.js'

const page = readFileSync('docs/from-flink.md', 'utf8')
const programs = codeBlocks(page).filter(({ language }) => language === 'ts')

/** What the programs take from where they stand. */
const world = `declare const brokers: string; declare const folder: string; `

describe('docs/from-flink.md', () => {
  it('should hold programs that the compiler accepts', () => {
    expect(programs.length).toBeGreaterThan(10)
    const sources = new Map(programs.map(({ line, text }) => [`spec/from-flink-${line}.ts`, world + text]))
    // What is built for its own sake is not used.
    expect(typeCheck(sources, { noUnusedLocals: false })).toEqual([])
  }, 180_000)

  it('should say the Java of Flink’s documentation, and link to files that there are', () => {
    expect(codeBlocks(page).filter(({ language }) => language === 'java').length).toBeGreaterThan(6)
    const linked = [...page.matchAll(/\]\((?!http)([^)#]+)\)/g)].map(([, path]) => `docs/${path!}`)
    expect(linked.filter((path) => !existsSync(path))).toEqual([])
  })
})
