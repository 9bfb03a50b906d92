import { readFileSync } from 'node:fs'
import type { Mutant, MutantOutcome } from './Mutant.js'

export interface JudgedMutant {
  readonly mutant: Mutant
  readonly outcome: MutantOutcome
}

const noticed = ({ outcome }: JudgedMutant): boolean => outcome === 'killed' || outcome === 'timed out'

/** `lib/sink/committer`; files of lib itself are of `lib`. */
const folderOf = (file: string): string => file.split('/').slice(0, -1).slice(0, 3).join('/')

/** How many mutants specs notice, by folder, as a table in Markdown. */
export const mutationTable = (judged: readonly JudgedMutant[]): string => {
  const folders = [...new Set(judged.map(({ mutant }) => folderOf(mutant.file)))].sort()
  const row = (name: string, of: readonly JudgedMutant[]): readonly string[] => {
    const count = (outcome: MutantOutcome) => of.filter((one) => one.outcome === outcome).length
    const share = `${Math.round((100 * of.filter(noticed).length) / of.length)} %`
    return [
      name,
      ...[of.length, count('killed'), count('timed out'), count('survived'), count('not covered')].map(String),
      share,
    ]
  }
  const rows = [
    ['folder', 'mutants', 'killed', 'timed out', 'survived', 'not covered', 'noticed'],
    ...folders.map((folder) =>
      row(
        folder,
        judged.filter(({ mutant }) => folderOf(mutant.file) === folder),
      ),
    ),
    row('all', judged),
  ]
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)))
  const lines = rows.map(
    (cells) =>
      `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join(' | ')} |`,
  )
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [lines[0], rule, ...lines.slice(1)].join('\n')
}

/** `lib/sink/SinkTask.ts:12 boundary: a < b → a <= b` */
export const describeMutant = ({ file, line, kind, start, end, replacement }: Mutant): string => {
  const before = readFileSync(file, 'utf8').slice(start, end)
  return `${file}:${line} ${kind}: ${short(before)} → ${replacement === '{}' ? '(nothing)' : short(replacement)}`
}

const short = (text: string): string => {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length > 70 ? `${line.slice(0, 67)}...` : line
}
