import type { WatermarkHolder, WindowResult } from '../../lib/index.js'
import { type Delays, type LateFlight, WINDOW_MS } from './delaysJob.js'

const AIRPORTS = 10

/** What has come out of the windows so far, and its picture: the airports of the newest window, those with the longest delays first. */
export class DelaysTable {
  private readonly windows = new Map<number, Map<string, Delays>>()
  private newest = -Infinity
  private watermark = -Infinity
  private holder: WatermarkHolder | undefined
  private corrected = 0
  private late = 0

  add(output: WindowResult<string, Delays> | LateFlight): void {
    if ('late' in output) {
      this.late++
      return
    }
    const { key, window, value } = output
    const airports = this.windows.get(window.start) ?? new Map<string, Delays>()
    this.windows.set(window.start, airports)
    if (airports.has(key)) this.corrected++
    airports.set(key, value)
    this.newest = Math.max(this.newest, window.start)
  }

  advance(watermark: number): void {
    this.watermark = watermark
  }

  heldBy(holder: WatermarkHolder | undefined): void {
    this.holder = holder
  }

  /** How many flights are in the windows, and how many came too late for them. */
  get counts(): { readonly counted: number; readonly late: number; readonly corrected: number } {
    const all = [...this.windows.values()].flatMap((airports) => [...airports.values()])
    return { counted: all.reduce((sum, { flights }) => sum + flights, 0), late: this.late, corrected: this.corrected }
  }

  get lines(): readonly string[] {
    const { counted, late, corrected } = this.counts
    const airports = [...(this.windows.get(this.newest) ?? [])].sort(([, a], [, b]) => mean(b) - mean(a))
    return [
      `Planned to depart between ${time(this.newest)} and ${time(this.newest + WINDOW_MS)}`,
      `  airport   flights   mean delay   longest`,
      ...airports.slice(0, AIRPORTS).map(([airport, delays]) => row(airport, delays)),
      airports.length > AIRPORTS ? `  and ${airports.length - AIRPORTS} airports more` : '',
      `watermark ${time(this.watermark)}${this.holder === undefined ? '' : `, held by ${this.holder.id}`}`,
      `${counted} flights in ${this.windows.size} windows; corrections: ${corrected}, flights too late: ${late}`,
    ]
  }
}

const mean = ({ flights, total }: Delays): number => total / flights

const row = (airport: string, delays: Delays): string =>
  [
    `  ${airport.padEnd(7)}`,
    String(delays.flights).padStart(10),
    `${mean(delays).toFixed(0)} min`.padStart(13),
    `${delays.longest} min`.padStart(10),
  ].join('')

const time = (ms: number): string =>
  Number.isFinite(ms) ? new Date(ms).toISOString().slice(0, 16).replace('T', ' ') : ms < 0 ? '-' : 'the end'
