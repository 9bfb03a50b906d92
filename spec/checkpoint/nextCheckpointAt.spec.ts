import { describe, expect, it } from '@jest/globals'
import { nextCheckpointAt, type TriggerSituation } from '../../lib/checkpoint/nextCheckpointAt.js'

const usual: TriggerSituation = {
  interval: 100,
  minPause: 0,
  maxConcurrent: 1,
  ready: true,
  running: 0,
  ending: false,
  asked: false,
  final: false,
  completed: true,
  failures: 0,
  lastStart: 1000,
  lastEnd: 1020,
}

const at = (situation: Partial<TriggerSituation>) => nextCheckpointAt({ ...usual, ...situation })

describe('nextCheckpointAt', () => {
  it.each<[string, Partial<TriggerSituation>, number | undefined]>([
    ['an interval after the last start', {}, 1100],
    ['a minimum pause after the last end', { minPause: 90 }, 1110],
    ['never by itself without an interval', { interval: 0 }, undefined],
    ['at once for the first one', { completed: false }, -Infinity],
    ['not at once for the first one when it has failed', { completed: false, failures: 1 }, 1100],
    ['not while a source is not ready', { ready: false, asked: true, final: true }, undefined],
    ['not while as many as allowed are on their way', { running: 1, asked: true, final: true }, undefined],
    ['beside another one when that is allowed', { running: 1, maxConcurrent: 2 }, 1100],
    ['not beside the first one when that is under way', { running: 1, maxConcurrent: 2, completed: false }, 1100],
    ['not beside the last one of a source', { running: 1, maxConcurrent: 2, ending: true, asked: true }, undefined],
    ['at once when asked for', { asked: true, interval: 0, minPause: 90, failures: 3 }, -Infinity],
    ['at once for the last one', { final: true, interval: 0, minPause: 90 }, -Infinity],
    ['a second after a last one that has failed', { final: true, failures: 1 }, 2020],
  ])('should be %s', (_, situation, expected) => {
    expect(at(situation)).toBe(expected)
  })
})
