import { spawnSync } from 'node:child_process'
import { describe, expect, it } from '@jest/globals'

describe('rx-kafka/testing', () => {
  it('should need no framework: node:test tells true pictures from untrue ones, and shows them', () => {
    // What jest has put there is for jest.
    const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, ...env } = process.env
    const { stdout, status } = spawnSync(
      process.execPath,
      ['--import', 'tsx', '--test', '--test-reporter=tap', 'spec/testing/support/nodeTest.ts'],
      { encoding: 'utf8', env },
    )
    expect(stdout).toMatch(/^ *ok 1 - a true picture/m)
    expect(stdout).toMatch(/^ *not ok 2 - an untrue picture/m)
    expect(stdout).toContain('received  a--B|')
    expect(stdout).toContain('spec/testing/support/nodeTest.ts:10')
    expect(status).toBe(1)
  }, 120_000)
})
