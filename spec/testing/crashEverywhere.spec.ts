import { describe, expect, it } from '@jest/globals'
import { throwError } from 'rxjs'
import { DeliveryGuarantee } from '../../lib/sink/DeliveryGuarantee.js'
import { crashEverywhere } from '../../lib/testing/crashEverywhere.js'
import { CrashMismatch } from '../../lib/testing/CrashMismatch.js'
import type { SceneHelpers } from '../../lib/testing/KafkaScene.js'
import { bounded, copyJob } from './support/copyJob.js'

const scene = { topics: { in: 1, out: 1 }, until: 20_000 }

/** A job of six records in three batches, with this guarantee. */
const copy =
  (guarantee?: DeliveryGuarantee) =>
  ({ coordinator, options, kafka }: SceneHelpers) => {
    kafka.produce(
      'in',
      ['a', 'b', 'c', 'd', 'e', 'f'].map((value) => ({ value })),
    )
    return () => copyJob(bounded, coordinator({ interval: 5 }), options, guarantee)
  }

const mismatchOf = (crash: () => unknown): CrashMismatch => {
  try {
    crash()
  } catch (error) {
    if (error instanceof CrashMismatch) return error
    throw error
  }
  throw new Error('No crash made a difference.')
}

describe('crashEverywhere', () => {
  it('should kill a job before and after everything it does, and find that it makes no difference', () => {
    const points = crashEverywhere(scene, copy())
    expect(points).toEqual(
      expect.arrayContaining([
        'before Fetch',
        'after AddPartitionsToTxn',
        'before Produce',
        'after Produce',
        'emission prepared',
        'before storing the checkpoint',
        'after storing the checkpoint',
        'before EndTxn',
        'after EndTxn',
        'emission committed',
        'after noting the commit',
      ]),
    )
  })

  it('should kill a job at every frame', () => {
    const points = crashEverywhere({ ...scene, at: 'frames', latencyMs: 3 }, copy())
    expect(points).toEqual(Array.from(points, (_, frame) => `frame ${frame}`))
    expect(points.length).toBeGreaterThan(20)
  })

  it('should find what at-least-once doubles, and say where and what', () => {
    const mismatch = mismatchOf(() => crashEverywhere(scene, copy(DeliveryGuarantee.AT_LEAST_ONCE)))
    expect(mismatch.point).toMatch(/^step \d+ of \d+, after Produce, 0 ms after the start$/)
    expect(mismatch.message).toMatch(
      /^Killed at step .* restored, the job comes to another outcome \(\+\) than undisturbed/,
    )
    expect(mismatch.message).toMatch(/\n +'a',\n {2}\+ +'a',\n/)
  })

  it('should find a job that does not come back, with its error', () => {
    const oneLife = ({ kafka, options, coordinator }: SceneHelpers) => {
      kafka.produce('in', [{ value: 'a' }])
      let lives = 0
      return () =>
        ++lives === 1 ? copyJob(bounded, coordinator(), options) : throwError(() => new Error('no way back'))
    }
    expect(() => crashEverywhere(scene, oneLife)).toThrow(/step 1 of \d+, before Metadata[^]*error: 'no way back'/)
  })

  it('should compare what it is told to', () => {
    const seen: unknown[] = []
    crashEverywhere({ ...scene, outcome: (kafka) => seen.push(kafka.endOffsets('out')) && 'the same' }, copy())
    expect(seen.length).toBeGreaterThan(30)
  })

  it('should fail as the undisturbed job does', () => {
    expect(() => crashEverywhere(scene, () => () => throwError(() => new Error('torn')))).toThrow('torn')
  })
})
