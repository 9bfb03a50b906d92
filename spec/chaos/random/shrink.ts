import { type Failure, failureOf } from './failureOf.js'
import type { ViolationKind } from './Outcome.js'
import { playScript } from './playScript.js'
import { calm, type InputRecord, type Script, type ScriptEvent } from './Script.js'

/**
 * The simplest script found that fails in the same way: fewer events, fewer records, fewer operators, calmer settings, rounder times.
 *
 * @param known kinds of violations that are not looked at
 * @param mayGoOn asked before each run
 */
export const shrink = (
  script: Script,
  failure: Failure,
  known: readonly ViolationKind[],
  mayGoOn: () => boolean,
): Script => {
  let smallest = script
  for (let found: Script | undefined = script; found !== undefined;) {
    smallest = found
    found = undefined
    for (const candidate of simpler(smallest)) {
      if (!mayGoOn()) return smallest
      if (failureOf(playScript(candidate), known)?.sign !== failure.sign) continue
      found = candidate
      break
    }
  }
  return smallest
}

function* simpler(script: Script): Generator<Script> {
  for (const events of fewer(script.events)) yield { ...script, events }
  for (const records of fewer(script.records)) if (records.length > 0) yield { ...script, records }
  for (const pipeline of fewer(script.pipeline)) yield { ...script, pipeline }
  yield* calmer(script)
  for (const [index, event] of script.events.entries())
    for (const simple of simplerEvents(event)) yield { ...script, events: replaced(script.events, index, simple) }
  if (script.records.length <= 6)
    for (const [index, record] of script.records.entries())
      for (const simple of simplerRecords(record)) yield { ...script, records: replaced(script.records, index, simple) }
}

/** Halves, then all but one. */
function* fewer<T>(values: readonly T[]): Generator<readonly T[]> {
  const half = values.length >> 1
  if (half > 1) {
    yield values.slice(0, half)
    yield values.slice(half)
  }
  if (values.length <= 12) for (const one of values) yield values.filter((value) => value !== one)
}

/** Settings by themselves as they are when nothing special is wanted. */
function* calmer(script: Script): Generator<Script> {
  if (script.sources === 2)
    yield { ...script, sources: 1, records: script.records.filter(({ source }) => source === 0) }
  if (script.partitions > 1)
    yield { ...script, partitions: 1, records: script.records.filter(({ partition }) => partition === 0) }
  if (script.parallelism > 1) {
    yield { ...script, parallelism: 1, processes: 1 }
    yield {
      ...script,
      parallelism: script.parallelism - 1,
      processes: Math.min(script.processes, script.parallelism - 1),
    }
  }
  for (const name of settings) if (script[name] !== calm[name]) yield { ...script, [name]: calm[name] }
}

const settings = [
  ...([
    'outPartitions',
    'way',
    'sinks',
    'bounded',
    'processes',
    'sinksKnowSubtask',
    'minPause',
    'timeout',
    'tolerableFailures',
  ] as const),
  ...([
    'maxConcurrent',
    'transactionTimeout',
    'idExpiration',
    'abortInterval',
    'retry',
    'restart',
    'brokerMs',
    'storeMs',
    'poll',
    'interval',
  ] as const),
]

function* simplerEvents(event: ScriptEvent): Generator<ScriptEvent> {
  const { on, ...always } = event
  if (on !== undefined) yield always
  for (const at of rounder(event.at)) yield { ...event, at }
  for (const name of ['ms', 'down', 'slow', 'by', 'times'] as const)
    if (name in event)
      for (const value of rounder((event as unknown as Record<string, number>)[name]!))
        yield { ...event, [name]: value }
  if ('slot' in event && event.slot > 0) yield { ...event, slot: 0 }
}

function* simplerRecords(record: InputRecord): Generator<InputRecord> {
  const { bad, ...good } = record
  if (bad === true) yield good
  for (const at of rounder(record.at)) yield { ...record, at }
  if (record.key !== 'a') yield { ...record, key: 'a' }
}

/** Smaller or rounder: 0, a half, multiples of 1000, 100 and 10. */
const rounder = (value: number): readonly number[] => {
  const sign = Math.sign(value)
  const size = Math.abs(value)
  const all = [0, ...[1_000, 100, 10].map((unit) => Math.floor(size / unit) * unit), size >> 1]
  return [...new Set(all)].filter((each) => each < size).map((each) => sign * each)
}

const replaced = <T>(values: readonly T[], index: number, value: T): readonly T[] =>
  values.map((each, place) => (place === index ? value : each))
