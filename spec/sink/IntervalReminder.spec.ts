import { describe, expect, it } from '@jest/globals'
import { tap, timer } from 'rxjs'
import { DeliveryGuarantee } from '../../lib/sink/DeliveryGuarantee.js'
import { type MarbleHelpers, runMarbles } from '../../lib/testing/runMarbles.js'
import { copying, topics, warnings } from './support/copying.js'

const { NONE, AT_LEAST_ONCE, EXACTLY_ONCE } = DeliveryGuarantee

/** What a sink warns of that has no end, with this interval of checkpoints. */
const warned = (helpers: MarbleHelpers, guarantee: DeliveryGuarantee, interval: number, triggerAt = Infinity) => {
  const { logger, warned$ } = warnings()
  const checkpoints = helpers.coordinator({ interval })
  const properties = { 'transaction.timeout.ms': 900_000 }
  helpers.produce('in', '10ms a')
  helpers.run(copying(helpers)({ checkpoints, guarantee, logger, properties }))
  if (triggerAt < Infinity) helpers.run(timer(triggerAt).pipe(tap(() => checkpoints.trigger())))
  return warned$
}

describe('a coordinator that takes no checkpoint by itself', () => {
  it('should be told once by EXACTLY_ONCE, whose records nobody sees', () => {
    runMarbles({ topics, until: 12_000 }, (helpers) => {
      helpers.expectObservable(warned(helpers, EXACTLY_ONCE, 0)).toBe('10s w', {
        w: expect.stringMatching(
          /no interval.*interval \}.*invisible to read_committed readers until trigger\(\), stopWithSavepoint\(\).*transaction\.timeout\.ms/,
        ),
      })
      helpers.expectCommits('out').toBe('-')
    })
  })

  it('should be told once by AT_LEAST_ONCE, which writes all again after a restart', () => {
    runMarbles({ topics, until: 12_000 }, (helpers) => {
      helpers.expectObservable(warned(helpers, AT_LEAST_ONCE, 0)).toBe('10s w', {
        w: expect.stringMatching(/no interval.*writes? again all records/),
      })
    })
  })

  it.each([
    [NONE, 0, 12_000, Infinity],
    [AT_LEAST_ONCE, 100, 12_000, Infinity],
    [EXACTLY_ONCE, 100, 12_000, Infinity],
    [EXACTLY_ONCE, 0, 9_999, Infinity],
    [EXACTLY_ONCE, 0, 12_000, 5_000],
  ])(
    'should be no word worth with %s, an interval of %p, within %p ms, triggered at %p',
    (guarantee, interval, until, triggerAt) => {
      runMarbles({ topics, until }, (helpers) => {
        helpers.expectObservable(warned(helpers, guarantee, interval, triggerAt)).toBe('-')
      })
    },
  )
})
