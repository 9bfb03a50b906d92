import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { golden } from '../../support/golden.js'
import { type Departure, departures } from '../departures.js'
import { comparable, errorFor, type Expected, expectedOf, observedOf } from './expectations.js'
import type { RecordedJob } from './RecordedJob.js'
import { replay, type Replayed } from './replay.js'

/** The recording looked at these logs before the marker of the last transaction was there. */
const LOOKED_TOO_EARLY = ['txn-only-aborted-rc', 'txn-commit-end-ru']

/** Replays every case of a file on an in-memory Kafka. */
export const recordedJobs = (file: string): void => {
  hushed()
  for (const recorded of golden<RecordedJob>(file))
    describeRecorded(
      recorded,
      once(() => replay(recorded, departures[recorded.id])),
    )
}

/** Jobs that go wrong on purpose warn. */
export const hushed = (): void => {
  beforeAll(() => {
    jest.spyOn(console, 'warn').mockImplementation(() => undefined)
  })
  afterAll(() => {
    jest.restoreAllMocks()
  })
}

/** The partitions whose offsets were resolved and whose records were read. */
const readIn = (recorded: RecordedJob, resolved: 'resolvedStart' | 'resolvedStop', departure?: Departure) =>
  Object.entries(expectedOf(recorded, departure).records)
    .filter(([partition, { length }]) => length > 0 && partition in (recorded.result[resolved] ?? {}))
    .map(([partition]) => partition)

/** What is to be seen of a job, by what its replay has brought. */
export const describeRecorded = (
  recorded: RecordedJob,
  replayed: () => Replayed,
  { clock = 'virtual' }: { readonly clock?: 'virtual' | 'real' } = {},
): void => {
  const { id, desc, log, result } = recorded
  const departure = departures[id]

  describe(desc === '' ? id : `${id} (${desc})`, () => {
    it(departure === undefined ? 'should come out as recorded' : `should depart: ${departure.because}`, () => {
      const ours = replayed().result
      const comparing = clock === 'real' ? atRest : <E>(all: E): E => all
      expect(comparing(observedOf(recorded, ours))).toEqual(comparing(expectedOf(recorded, departure)))
      const { resolvedStart, resolvedStop } = { ...result, ...departure?.ours }
      // Those that records came from; which others the recording asked for is another matter.
      for (const resolved of ['resolvedStart', 'resolvedStop'] as const)
        expect(Object.keys(ours[resolved] ?? {})).toEqual(expect.arrayContaining(readIn(recorded, resolved, departure)))
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

/** By a real clock, it is a matter of milliseconds what is committed while records come. */
const atRest = ({ snapshots, ...rest }: Expected): Expected => ({
  ...rest,
  snapshots: Object.fromEntries(Object.entries(snapshots ?? {}).filter(([name]) => name !== 'atLastRecord')),
})

/** Within a spec, so that what goes wrong is told there. */
const once = <V>(make: () => V): (() => V) => {
  let made: V | undefined
  return () => (made ??= make())
}
