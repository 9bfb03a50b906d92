import { appendFileSync, readFileSync } from 'node:fs'
import { addTallies, noTally, type Tally } from './tally.js'

/** A line of the table that `npm run chaos` prints. */
export interface ChaosRow extends Tally {
  readonly fault: string
  readonly rounds: number
  /** of the lost: those that the job itself named, as it does when a transaction has expired */
  readonly named?: number
  /** how often the job ended or was killed, and went on from its last checkpoint */
  readonly restarts: number
  readonly seconds: number
}

/** Adds lines to the table, where there is one: under `npm run chaos`. A spec tells before it expects. */
export const reportChaos = (...rows: readonly ChaosRow[]): void => {
  const file = process.env['CHAOS_REPORT']
  if (file !== undefined) appendFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
}

export const readChaosReport = (file: string): readonly ChaosRow[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ChaosRow)

/** The rows as a table in Markdown, with their sum. */
export const chaosTable = (rows: readonly ChaosRow[]): string => {
  const total = (of: (row: ChaosRow) => number) => rows.reduce((sum, row) => sum + of(row), 0)
  const sum: ChaosRow = {
    fault: `all ${rows.length}`,
    rounds: total(({ rounds }) => rounds),
    ...rows.reduce(addTallies, noTally),
    named: total(({ named = 0 }) => named),
    restarts: total(({ restarts }) => restarts),
    seconds: total(({ seconds }) => seconds),
  }
  const cells = [
    ['fault', 'rounds', 'records', 'lost', 'doubled', 'out of order', 'restarts', 'seconds'],
    ...[...rows, sum].map((row) => [
      row.fault,
      ...[row.rounds, row.records].map(String),
      row.named === undefined || row.named === 0 ? String(row.lost) : `${row.lost} (${row.named} named)`,
      ...[row.doubled, row.outOfOrder, row.restarts].map(String),
      row.seconds.toFixed(1),
    ]),
  ]
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)))
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join(' | ')} |`
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  const [head, ...body] = cells.map(line)
  return [head, rule, ...body].join('\n')
}
