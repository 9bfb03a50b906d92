import { describe, expect, it } from '@jest/globals'
import type { CheckpointRequest } from '../../lib/checkpoint/SourceAttempt.js'
import type { KafkaClient } from '../../lib/client/KafkaClient.js'
import {
  type ReaderEvent,
  type ReaderPhase,
  type ReaderState,
  reads,
  stepReader,
} from '../../lib/source/reader/readerPhase.js'
import { withoutCheckpoints } from '../../lib/source/reader/withoutCheckpoints.js'

const joined = { restored: withoutCheckpoints(() => undefined) }
const client = { admin: 'of the client' } as unknown as KafkaClient
const all = { joined, client, reading: 'splits' }

/** What can be met: phases with what is remembered in them, by name. */
const states: Readonly<Record<string, ReaderState<string>>> = {
  starting: { phase: 'starting' },
  connected: { phase: 'connected', client },
  restored: { phase: 'restored', joined, endRequested: false },
  'restored!': { phase: 'restored', joined, endRequested: true },
  opening: { phase: 'opening', joined, client, endRequested: false },
  'opening!': { phase: 'opening', joined, client, endRequested: true },
  discovering: { phase: 'discovering', ...all, endRequested: false },
  'discovering!': { phase: 'discovering', ...all, endRequested: true },
  reading: { phase: 'reading', ...all, endRequested: false },
  'reading!': { phase: 'reading', ...all, endRequested: true },
  suspending: { phase: 'suspending', ...all },
  finishing: { phase: 'finishing', ...all },
  ended: { phase: 'ended', ...all },
  closed: { phase: 'closed' },
}

const requested = (end?: CheckpointRequest['end']): ReaderEvent<string> => ({
  ...{ _tag: 'Requested', request: { checkpointId: 7, end } },
})
const roundOver = (active: boolean, finished: boolean): ReaderEvent<string> => ({ _tag: 'RoundOver', active, finished })

const events: Readonly<Record<string, ReaderEvent<string>>> = {
  Joined: { _tag: 'Joined', joined },
  Connected: { _tag: 'Connected', client },
  Opened: { _tag: 'Opened', reading: 'splits' },
  OffsetsKnown: { _tag: 'OffsetsKnown' },
  EndRequested: { _tag: 'EndRequested' },
  RoundOver: roundOver(true, false),
  'RoundOver/inactive': roundOver(false, false),
  'RoundOver/finished': roundOver(true, true),
  'RoundOver/inactive,finished': roundOver(false, true),
  Requested: requested(),
  'Requested/suspend': requested('suspend'),
  'Requested/drain': requested('drain'),
  'Requested/finished': requested('finished'),
  TakenOver: { _tag: 'TakenOver' },
  Fails: { _tag: 'Fails', error: new Error('no broker') },
  Closed: { _tag: 'Closed' },
}

/** `phase event → next: effects`, where ! says that the end was asked for; what is not among them changes nothing. */
const table = `
  starting Joined → restored: SendRestored
  starting Connected → connected:
  connected Joined → opening: SendRestored Open
  restored Connected → opening: Open
  restored EndRequested → restored!:
  restored! Connected → opening!: Open
  opening Opened → discovering: Start
  opening EndRequested → opening!:
  opening! Opened → discovering!: Start
  discovering OffsetsKnown → reading: TellReady
  discovering EndRequested → discovering!:
  discovering RoundOver/finished → finishing: StopReading SendFinalWatermark RequestFinalCheckpoint
  discovering Requested → discovering: SendBarrier
  discovering Requested/suspend → suspending: StopReading SendBarrier
  discovering Requested/drain → finishing: StopReading SendFinalWatermark SendBarrier
  discovering Requested/finished → finishing: StopReading SendFinalWatermark SendBarrier
  discovering! OffsetsKnown → reading!: TellReady
  discovering! RoundOver → finishing: TellReady StopReading SendFinalWatermark RequestFinalCheckpoint
  discovering! RoundOver/finished → finishing: TellReady StopReading SendFinalWatermark RequestFinalCheckpoint
  discovering! RoundOver/inactive → reading!: StopDiscovery TellReady
  discovering! RoundOver/inactive,finished → reading!: StopDiscovery TellReady
  discovering! Requested → discovering!: SendBarrier
  discovering! Requested/suspend → suspending: StopReading SendBarrier
  discovering! Requested/drain → finishing: StopReading SendFinalWatermark SendBarrier
  discovering! Requested/finished → finishing: StopReading SendFinalWatermark SendBarrier
  reading EndRequested → reading!:
  reading RoundOver/finished → finishing: StopReading SendFinalWatermark RequestFinalCheckpoint
  reading Requested → reading: SendBarrier
  reading Requested/suspend → suspending: StopReading SendBarrier
  reading Requested/drain → finishing: StopReading SendFinalWatermark SendBarrier
  reading Requested/finished → finishing: StopReading SendFinalWatermark SendBarrier
  reading! RoundOver → finishing: StopReading SendFinalWatermark RequestFinalCheckpoint
  reading! RoundOver/finished → finishing: StopReading SendFinalWatermark RequestFinalCheckpoint
  reading! RoundOver/inactive → reading!: StopDiscovery
  reading! RoundOver/inactive,finished → reading!: StopDiscovery
  reading! Requested → reading!: SendBarrier
  reading! Requested/suspend → suspending: StopReading SendBarrier
  reading! Requested/drain → finishing: StopReading SendFinalWatermark SendBarrier
  reading! Requested/finished → finishing: StopReading SendFinalWatermark SendBarrier
  suspending Requested → suspending: SendBarrier
  suspending Requested/suspend → suspending: SendBarrier
  suspending Requested/drain → finishing: SendFinalWatermark SendBarrier
  suspending Requested/finished → finishing: SendFinalWatermark SendBarrier
  suspending TakenOver → ended: Complete
  finishing Requested → finishing: SendBarrier
  finishing Requested/suspend → finishing: SendBarrier
  finishing Requested/drain → finishing: SendBarrier
  finishing Requested/finished → finishing: SendBarrier
  finishing TakenOver → ended: Complete
  ended Requested → ended: SendBarrier
  ended Requested/suspend → ended: SendBarrier
  ended Requested/drain → ended: SendBarrier
  ended Requested/finished → ended: SendBarrier
`
const rows = table
  .trim()
  .split('\n')
  .map((line) => /(\S+) (\S+) → (\S+): ?(.*)/.exec(line)!.slice(1) as [string, string, string, string])

const nameOf = (state: ReaderState<string>): string =>
  'endRequested' in state && state.endRequested ? `${state.phase}!` : state.phase

const stepOf = (state: string, event: string): string => {
  const [next, ...effects] = stepReader(states[state]!, events[event]!)
  expect(next).toEqual(states[nameOf(next)])
  return `${nameOf(next)}: ${effects.map(({ _tag }) => _tag).join(' ')}`
}

describe('the phases of a reader', () => {
  it.each(rows)('%s, %s → %s: %s', (state, event, next, effects) => {
    expect(stepOf(state, event)).toBe(`${next}: ${effects}`)
  })

  it('should not change by what does not matter in them', () => {
    for (const state of Object.keys(states))
      for (const event of Object.keys(events))
        if (!['Fails', 'Closed'].includes(event) && !rows.some((row) => row[0] === state && row[1] === event))
          expect(stepOf(state, event)).toBe(`${state}: `)
  })

  it('should end the stream by a failure, and go on until it has ended', () => {
    for (const state of Object.keys(states))
      expect(stepOf(state, 'Fails')).toBe(state === 'closed' ? 'closed: ' : `${state}: Error`)
    expect(stepReader(states.reading!, events.Fails!)[1]).toEqual({ _tag: 'Error', error: new Error('no broker') })
  })

  it('should let go of what it has when nobody listens, once', () => {
    for (const [name, state] of Object.entries(states))
      expect(stepReader(state, { _tag: 'Closed' })).toEqual([
        { phase: 'closed' },
        ...(name === 'closed' ? [] : [{ _tag: 'Release', held: state }]),
      ])
  })

  it('should answer every request of the coordinator once, wherever it has splits', () => {
    for (const state of Object.values(states))
      for (const end of [undefined, 'suspend', 'drain', 'finished'] as const) {
        const [, ...effects] = stepReader(state, requested(end))
        const barriers = effects.filter(({ _tag }) => _tag === 'SendBarrier')
        expect(barriers).toEqual(
          'reading' in state ? [{ _tag: 'SendBarrier', reading: 'splits', request: { checkpointId: 7, end } }] : [],
        )
      }
  })

  it('should send Restored, the readiness, the final watermark and the completion once, whatever happens', () => {
    const found: Record<string, number> = {}
    // All ways through the states: one is not come back to, so they end.
    const follow = (name: string, before: Readonly<Record<string, number>>): void => {
      for (const event of Object.values(events)) {
        const [next, ...effects] = stepReader(states[name]!, event)
        const counts = { ...before }
        for (const { _tag } of effects)
          found[_tag] = Math.max(found[_tag] ?? 0, (counts[_tag] = (counts[_tag] ?? 0) + 1))
        if (nameOf(next) !== name) follow(nameOf(next), counts)
      }
    }
    follow('starting', {})
    expect(found).toMatchObject({
      ...{ SendRestored: 1, Open: 1, Start: 1, TellReady: 1, SendFinalWatermark: 1, StopReading: 1, Complete: 1 },
      ...{ RequestFinalCheckpoint: 1, Release: 1 },
    })
  })

  it('should read as long as neither the job nor its splits end', () => {
    const phases = Object.values(states)
      .filter(reads)
      .map(({ phase }): ReaderPhase => phase)
    expect([...new Set(phases)]).toEqual(['discovering', 'reading'])
  })
})
