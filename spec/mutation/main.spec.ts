import { execFileSync } from 'node:child_process'
import { describe, expect, it } from '@jest/globals'

describe('npm run mutate', () => {
  it.each([
    ['within the time that they have', '60'],
    ['after it', '0'],
  ])(
    'should tell mutants that a spec notices %s, those that none does, and those that none comes by',
    (_when, seconds) => {
      // What jest has put there is for jest.
      const { NODE_OPTIONS: _, JEST_WORKER_ID: __, ...env } = process.env
      const output = execFileSync(
        process.execPath,
        [
          '--import',
          'tsx',
          'spec/mutation/main.ts',
          'spec/mutation/support/size.ts',
          '--specs',
          'size',
          '--seed',
          '1',
          '--seconds',
          seconds,
        ],
        { encoding: 'utf8', env },
      )
      const at = (line: number) => `spec/mutation/support/size.ts:${line}`
      expect(output.split('\n').filter((line) => line.includes('→'))).toEqual([
        `survived     ${at(2)} boundary: n > 0 → ((n) >= (0))`,
        `killed       ${at(2)} comparison: n > 0 → ((n) <= (0))`,
        `survived     ${at(2)} condition: n > 0 → true`,
        `killed       ${at(2)} condition: n > 0 → false`,
        `killed       ${at(2)} constant: 0 → (0 + 1)`,
        `not covered  ${at(4)} arithmetic: n - 1 → ((n) + (1))`,
        `not covered  ${at(4)} constant: 1 → (1 + 1)`,
        `${at(2)} boundary: n > 0 → ((n) >= (0))`,
        `${at(2)} condition: n > 0 → true`,
        `${at(4)} arithmetic: n - 1 → ((n) + (1))`,
        `${at(4)} constant: 1 → (1 + 1)`,
      ])
      expect(output).toMatch(/^\| all +\| +7 \| +3 \| +0 \| +2 \| +2 \| +43 % \|$/m)
    },
    120_000,
  )
})
