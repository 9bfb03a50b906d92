import { readFileSync } from 'node:fs'
import { describe, it } from '@jest/globals'
import * as rxKafka from '../../lib/index.js'
import * as testing from '../../lib/testing/index.js'
import { codeBlocks } from '../support/docs/codeBlocks.js'
import { runProgram } from '../support/docs/runProgram.js'

const programs = readFileSync('docs/operators.md', 'utf8')
  .split(/^## /m)
  .flatMap((section) =>
    codeBlocks(section)
      .filter(({ language }) => language === 'ts')
      .map(({ text }) => ({ heading: section.slice(0, section.indexOf('\n')), text })),
  )

// That the compiler accepts them is shown by spec/readme.spec.ts.
describe('docs/operators.md', () => {
  it.each(programs)('should hold a program that does what it says: $heading', ({ text }) => {
    runProgram(text, { 'rx-kafka': rxKafka, 'rx-kafka/testing': testing })
  })
})
