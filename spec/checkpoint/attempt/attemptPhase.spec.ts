import { describe, expect, it } from '@jest/globals'
import { left, right } from 'fp-ts/lib/Either.js'
import {
  type AttemptEvent,
  type AttemptPhase,
  isClosed,
  stepAttempt,
} from '../../../lib/checkpoint/attempt/attemptPhase.js'
import type { OpenedAttempt } from '../../../lib/checkpoint/attempt/openAttempt.js'
import { noStates } from '../../../lib/checkpoint/CheckpointStates.js'

const share = { parallelism: 1, subtasks: [0] }
const opened = { share } as unknown as OpenedAttempt
const completed = { checkpointId: 7, timestamp: 0, duration: 1, savepoint: true }

const events: Readonly<Record<AttemptEvent['_tag'], AttemptEvent>> = {
  Prepared: { _tag: 'Prepared', share, carried: noStates },
  Opened: { _tag: 'Opened', opened, carried: noStates },
  Able: { _tag: 'Able' },
  TakenOver: { _tag: 'TakenOver', former: [] },
  Done: { _tag: 'Done' },
  Settled: { _tag: 'Settled', answer: right(completed) },
  Fails: { _tag: 'Fails', error: new Error('no disk') },
  Left: { _tag: 'Left' },
}

/** `phase event → next: effects`; what is not among them changes nothing. */
const table = `
  joining Prepared → opening: Open
  joining Fails → failed: Refuse
  joining Left → over: GiveUp HandOver
  opening Opened → pending: Begin
  opening Fails → failed: Refuse
  opening Left → abandoned: GiveUp
  abandoned Opened → over: Release HandOver
  abandoned Fails → over: HandOver
  pending Able → takingOver: TakeOver
  pending TakenOver → running: Run
  pending Fails → failed: EndSources
  pending Left → over: GiveUp HandOver
  takingOver TakenOver → running: Run
  takingOver Fails → failed: EndSources
  takingOver Left → over: GiveUp HandOver
  running Done → done:
  running Fails → failed: EndSources
  running Left → over: GiveUp HandOver
  done Settled → settled: AnswerStop
  done Left → committing:
  committing Settled → over: AnswerStop GiveUp HandOver
  settled Left → over: GiveUp HandOver
  failed Left → over: GiveUp HandOver
`
const rows = table
  .trim()
  .split('\n')
  .map(
    (line) => /(\w+) (\w+) → (\w+): ?(.*)/.exec(line)!.slice(1) as [AttemptPhase, AttemptEvent['_tag'], string, string],
  )

const phases: readonly AttemptPhase[] = [
  ...(['joining', 'opening', 'pending', 'takingOver', 'running', 'done', 'settled', 'over'] as const),
  ...(['failed', 'abandoned', 'committing'] as const),
]

const stepOf = (phase: AttemptPhase, event: AttemptEvent['_tag']): string => {
  const [next, ...effects] = stepAttempt(phase, events[event])
  return `${next}: ${effects.map(({ _tag }) => _tag).join(' ')}`
}

describe('the phases of an attempt', () => {
  it.each(rows)('%s, %s → %s: %s', (phase, event, next, effects) => {
    expect(stepOf(phase, event)).toBe(`${next}: ${effects}`)
  })

  it('should not change by what does not matter in them', () => {
    for (const phase of phases)
      for (const event of Object.keys(events) as AttemptEvent['_tag'][])
        if (!rows.some((row) => row[0] === phase && row[1] === event)) expect(stepOf(phase, event)).toBe(`${phase}: `)
  })

  it('should be over once, whatever happens', () => {
    // All ways through the phases: a phase is not come back to, so they end.
    const handOvers = (phase: AttemptPhase, before: number): readonly number[] =>
      (Object.keys(events) as AttemptEvent['_tag'][]).flatMap((event) => {
        const [next, ...effects] = stepAttempt(phase, events[event])
        const count = before + effects.filter(({ _tag }) => _tag === 'HandOver').length
        return next === phase ? [count] : handOvers(next, count)
      })
    expect(Math.max(...handOvers('joining', 0))).toBe(1)
  })

  it('should hand on what the event brought', () => {
    expect(stepAttempt('joining', events.Prepared)[1]).toEqual({ _tag: 'Open', share, carried: noStates })
    expect(stepAttempt('opening', events.Opened)[1]).toEqual({ _tag: 'Begin', opened, carried: noStates })
    expect(stepAttempt('running', events.Fails)[1]).toEqual({ _tag: 'EndSources', error: new Error('no disk') })
    const error = new Error('not committed')
    expect(stepAttempt('done', { _tag: 'Settled', answer: left(error) })[1]).toEqual({
      ...{ _tag: 'AnswerStop', answer: left(error) },
    })
  })

  it('should let sources join as long as it can go on', () => {
    expect(phases.filter((phase) => !isClosed(phase))).toEqual([
      ...['joining', 'opening', 'pending', 'takingOver', 'running'],
    ])
  })
})
