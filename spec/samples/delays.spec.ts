import { describe, expect, it } from '@jest/globals'
import { tap } from 'rxjs'
import { runMarbles } from '../../lib/testing/index.js'
import { departures } from '../../samples/delays/departures.js'
import { runDelays } from '../../samples/delays/runDelays.js'

const TOTAL = 1_500

describe('the delays by airport', () => {
  it('should count every flight once or call it late, wait for no idle partition, and print a table while they depart', () => {
    const printed: string[] = []
    const counts: { readonly counted: number; readonly late: number; readonly corrected: number }[] = []
    runMarbles(({ options, run }) => {
      const settings = { ...options, bootstrapServers: 'memory:9092', rate: 200, total: TOTAL }
      const table$ = runDelays({ ...settings, print: (lines) => printed.push(lines.join('\n')) })
      run(table$.pipe(tap((table) => counts.push(table.counts))))
    })
    const [{ counted, late, corrected }] = counts as [(typeof counts)[0]]
    expect(counted + late).toBe(TOTAL)
    expect(late).toBeGreaterThan(0)
    expect(corrected).toBeGreaterThan(0)

    expect(printed[0]).toContain('watermark -, held by departures-3')
    const idle = printed.findIndex((text) => !text.includes('departures-3'))
    expect(printed.slice(idle).join('\n')).not.toContain('departures-3')
    expect(printed[idle + 1]).toMatch(
      /^Planned to depart between 2001-01-0\d \d\d:00 and 2001-01-0\d \d\d:00\n {2}airport {3}flights.*\n {2}[A-Z]{3} +\d+ +-?\d+ min +-?\d+ min\n/,
    )
    expect(printed.at(-1)).toContain('watermark the end')
  })

  it('should have half of its input out of order, and one partition without any', () => {
    const records = departures()
    const dates = records.map(({ value }) => (JSON.parse(String(value)) as { date: string }).date)
    expect(dates.filter((date, n) => n > 0 && date < dates[n - 1]!).length).toBeGreaterThan(dates.length / 3)
    expect([...new Set(records.map(({ partition }) => partition))].sort()).toEqual([0, 1, 2])
  })
})
