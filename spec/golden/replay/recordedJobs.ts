import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { golden } from '../../support/golden.js'
import { departures } from '../departures.js'
import { comparable, errorFor, expectedOf, observedOf } from './expectations.js'
import type { RecordedJob } from './RecordedJob.js'
import { replay } from './replay.js'

/** The recording looked at these logs before the marker of the last transaction was there. */
const LOOKED_TOO_EARLY = ['txn-only-aborted-rc', 'txn-commit-end-ru']

/** Replays every case of a file. */
export const recordedJobs = (file: string): void => {
  beforeAll(() => {
    jest.spyOn(console, 'warn').mockImplementation(() => undefined)
  })
  afterAll(() => {
    jest.restoreAllMocks()
  })

  for (const recorded of golden<RecordedJob>(file)) {
    const { id, desc, log, result } = recorded
    const departure = departures[id]

    describe(desc === '' ? id : `${id} (${desc})`, () => {
      const replayed = replayedOnce(recorded)

      it(departure === undefined ? 'should come out as recorded' : `should depart: ${departure.because}`, () => {
        const ours = replayed().result
        expect(observedOf(recorded, ours)).toEqual(expectedOf(recorded, departure))
        const { resolvedStart, resolvedStop } = { ...result, ...departure?.ours }
        expect(ours.resolvedStart).toEqual(comparable(resolvedStart, ours.resolvedStart, log))
        expect(ours.resolvedStop).toEqual(comparable(resolvedStop, ours.resolvedStop, log))
      })

      if (departure === undefined && result.outcome === 'FAILED')
        it('should say why it failed', () => {
          expect((replayed().error as Error).message).toMatch(errorFor(result.exceptionChain))
        })

      if (departure !== undefined)
        it('should still depart', () => {
          expect(expectedOf(recorded, departure)).not.toEqual(expectedOf(recorded))
        })

      if (!LOOKED_TOO_EARLY.includes(id))
        it('should have found the log as recorded', () => {
          for (const [partition, { beginning: _beginning, ...rest }] of Object.entries(log))
            expect({ [partition]: replayed().log[partition] }).toEqual({ [partition]: rest })
        })
    })
  }
}

/** Within a spec, so that what goes wrong is told there. */
const replayedOnce = (recorded: RecordedJob) => {
  let replayed: ReturnType<typeof replay> | undefined
  return () => (replayed ??= replay(recorded))
}
