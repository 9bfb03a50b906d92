import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { peakMemory } from './peakMemory.js'

const MiB = 1024 * 1024
const tsx = createRequire(join(process.cwd(), 'package.json')).resolve('tsx')

const child = `
  import { peakMemory } from './spec/support/peakMemory.ts'
  console.log(peakMemory())
`

const parent = `
  const large = Buffer.alloc(400 * 1024 * 1024, 'x')
  const { execFileSync } = require('node:child_process')
  const args = ['--import', ${JSON.stringify(tsx)}, '--input-type=module', '--eval', ${JSON.stringify(child)}]
  process.stdout.write(execFileSync(process.execPath, args, { encoding: 'utf8' }))
  if (large.length === 0) throw new Error('it is kept')
`

describe('peakMemory', () => {
  it('should be at least what is used now', () => {
    expect(peakMemory()).toBeGreaterThanOrEqual(0.9 * process.memoryUsage().rss)
  })

  // Other systems have only the figure that is inherited.
  const onLinux = process.platform === 'linux' ? it : it.skip
  onLinux(
    'should be of the process alone, not of the larger one that started it',
    () => {
      const peak = Number(execFileSync(process.execPath, ['--eval', parent], { encoding: 'utf8' }))
      expect(peak).toBeGreaterThan(30 * MiB)
      // Other systems have only the figure that is inherited.
      expect(peak).toBeLessThan(process.platform === 'linux' ? 300 * MiB : Infinity)
    },
    60_000,
  )
})
