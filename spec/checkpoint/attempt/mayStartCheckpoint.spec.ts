import { describe, expect, it } from '@jest/globals'
import { mayStartCheckpoint, type TriggerSituation } from '../../../lib/checkpoint/attempt/mayStartCheckpoint.js'

/** All pauses are over. */
const usual: TriggerSituation = {
  periodic: true,
  maxConcurrent: 1,
  ready: true,
  running: 0,
  ending: false,
  asked: false,
  final: false,
  completed: true,
  failures: 0,
  intervalOver: true,
  minPauseOver: true,
  retryPauseOver: true,
}

const waiting = { intervalOver: false, minPauseOver: false, retryPauseOver: false }

describe('mayStartCheckpoint', () => {
  it.each<[string, Partial<TriggerSituation>, boolean]>([
    ['start when interval and pause are over', {}, true],
    ['wait for the interval since the last start', { intervalOver: false }, false],
    ['wait for the minimum pause since the last end', { minPauseOver: false }, false],
    ['not start by itself without an interval', { periodic: false }, false],
    ['start at once for the first one', { ...waiting, completed: false }, true],
    ['not start at once for the first one when it has failed', { ...waiting, completed: false, failures: 1 }, false],
    ['try a first one again after a moment', { ...waiting, retryPauseOver: true, completed: false, failures: 1 }, true],
    ['not start while a source is not ready', { ready: false, asked: true, final: true }, false],
    ['not start while as many as allowed are on their way', { running: 1, asked: true, final: true }, false],
    ['start beside another one when that is allowed', { running: 1, maxConcurrent: 2 }, true],
    [
      'wait beside the first one when that is under way',
      { running: 1, maxConcurrent: 2, completed: false, intervalOver: false },
      false,
    ],
    ['not start beside the last one of a source', { running: 1, maxConcurrent: 2, ending: true, asked: true }, false],
    ['start at once when asked for', { ...waiting, asked: true, periodic: false, failures: 3 }, true],
    ['start at once for the last one', { ...waiting, final: true, periodic: false }, true],
    ['wait a moment after a last one that has failed', { ...waiting, final: true, failures: 1 }, false],
    ['try a last one again after that moment', { ...waiting, retryPauseOver: true, final: true, failures: 1 }, true],
  ])('should %s', (_, situation, expected) => {
    expect(mayStartCheckpoint({ ...usual, ...situation })).toBe(expected)
  })
})
