import type { Happening, Outcome } from './Outcome.js'
import { calm, type Operator, type Script } from './Script.js'

/** A script and how it went, to be read: the job, what happened when, and what is wrong. */
export const drawScript = (script: Script, { happenings, violations }: Outcome): string => {
  const produced = new Map<number, string[]>()
  for (const { at, source, partition, n, key, bad } of script.records) {
    const text = `${bad === true ? 'bad' : key} ${source}:${partition}.${n}`
    produced.set(at, [...(produced.get(at) ?? []), text])
  }
  const lines = [
    ...[...produced].map(([at, texts]) => ({ at, what: `in: ${texts.join(', ')}` })),
    ...withoutRepetition(happenings).map(({ at, what }) => ({ at, what: cut(what) })),
  ].sort((a, b) => a.at - b.at)
  return [
    describeJob(script),
    ...shortened(lines.map(({ at, what }) => `${String(at).padStart(8)}  ${what}`)),
    ...violations.slice(0, 5).map(({ kind, what }) => `  ${kind.toUpperCase()}: ${cut(what)}`),
  ].join('\n')
}

/** What differs from the calm script, as data. */
export const differences = (script: Script): Partial<Script> =>
  Object.fromEntries(
    Object.entries(script).filter(
      ([name, value]) => JSON.stringify(value) !== JSON.stringify(calm[name as keyof Script]),
    ),
  )

const describeJob = (script: Script): string => {
  const { sources, partitions, way, pipeline, sinks, outPartitions, parallelism, processes, guarantee } = script
  const parts = [
    `${sources === 2 ? '2 × ' : ''}in(${partitions})${way === 'splits' ? '.splits()' : ''}`,
    ...pipeline.map(describeOperator),
    `out(${outPartitions})${sinks === 2 ? ' + also' : ''}`,
  ]
  const settings = [
    `${guarantee}${script.bounded ? ', bounded' : ''}`,
    ...(parallelism > 1 ? [`parallelism ${parallelism} in ${processes} processes`] : []),
    ...(script.sinksKnowSubtask ? [] : ['sinks without their subtask']),
    `checkpoint every ${script.interval} ms, timeout ${script.timeout}`,
    ...(
      [
        'tolerableFailures',
        'maxConcurrent',
        'transactionTimeout',
        'idExpiration',
        'abortInterval',
        'retry',
        'restart',
        'brokerMs',
        'storeMs',
      ] as const
    )
      .filter((name) => script[name] !== calm[name])
      .map((name) => `${name} ${script[name]}`),
  ]
  return `${parts.join(' → ')}\n${settings.join('; ')}`
}

const describeOperator = (operator: Operator): string => {
  const { op, ...settings } = operator
  const values = Object.values(settings)
  return values.length === 0 ? op : `${op}(${values.join(' ')})`
}

/** What comes again and again, as in a loop of restarts, is there twice. */
const withoutRepetition = (happenings: readonly Happening[]): readonly Happening[] => {
  const times = new Map<string, number>()
  return happenings.flatMap((happening) => {
    const kind = happening.what.replace(/\d+/g, 'n')
    const count = (times.get(kind) ?? 0) + 1
    times.set(kind, count)
    return count <= 2 ? [happening] : count === 3 ? [{ at: happening.at, what: `${cut(kind)} …` }] : []
  })
}

const cut = (text: string): string => (text.length > 220 ? `${text.slice(0, 220)}…` : text)

/** The beginning and the end of what is long. */
const shortened = (lines: readonly string[]): readonly string[] =>
  lines.length <= 60 ? lines : [...lines.slice(0, 40), `          … ${lines.length - 60} more`, ...lines.slice(-20)]
