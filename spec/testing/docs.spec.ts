import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import * as rxKafka from '../../lib/index.js'
import * as testing from '../../lib/testing/index.js'
import { codeBlocks } from '../support/docs/codeBlocks.js'
import { runProgram } from '../support/docs/runProgram.js'

const page = readFileSync('docs/testing.md', 'utf8')
const programs = page.split(/^## /m).flatMap((section) =>
  codeBlocks(section)
    .filter(({ language }) => language === 'ts')
    .map(({ text }) => ({ heading: section.slice(0, section.indexOf('\n')), text })),
)

// That the compiler accepts them is shown by spec/readme.spec.ts, which has it running.
describe('docs/testing.md', () => {
  const logged = new Map<string, readonly unknown[]>()

  it.each(programs)('should hold a program that does what it says: $heading', ({ heading, text }) => {
    const modules = { 'rx-kafka': rxKafka, 'rx-kafka/testing': testing }
    logged.set(heading, runProgram(text, modules))
  })

  it('should show what its last crash prints', () => {
    const [points, message] = logged.get('Crashes everywhere') ?? []
    expect(points).toBeGreaterThan(20)
    expect(page).toContain(String(message))
  })
})
