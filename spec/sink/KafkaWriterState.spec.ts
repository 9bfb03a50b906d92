import { describe, expect, it } from '@jest/globals'
import * as either from 'fp-ts/lib/Either.js'
import { decodeWriterState, encodeWriterState } from '../../lib/sink/writer/KafkaWriterState.js'

const committable = {
  ...{ transactionalId: 'job-1-7', producerId: 9_007_199_254_740_993n, epoch: 3 },
  ...{ checkpointId: 7, records: 12 },
}
const state = {
  ...{ transactionalIdPrefix: 'job', subtaskIndex: 1, parallelism: 2, checkpointId: 8, lastNumber: 9 },
  committables: [committable],
}
const writtenBy = { subtaskIndex: 0, checkpointId: 5 }

/** As it comes back from a file. */
const stored = (json: unknown): unknown => JSON.parse(JSON.stringify(json))

describe('KafkaWriterState', () => {
  it('should come back from a checkpoint as it was', () => {
    expect(decodeWriterState(stored(encodeWriterState(state)), writtenBy)).toEqual(either.right(state))
  })

  it('should come back without a last number, which no release before 0.2 has written', () => {
    const { lastNumber: _, ...without } = state
    expect(stored(encodeWriterState(without))).not.toHaveProperty('lastNumber')
    expect(decodeWriterState(stored(encodeWriterState(without)), writtenBy)).toEqual(
      either.right({ ...without, lastNumber: undefined }),
    )
  })

  it('should know of version 1 who has written it from where it is', () => {
    const { transactionalIdPrefix, parallelism, committables } = stored(encodeWriterState(state)) as Record<
      string,
      unknown
    >
    const version1 = { version: 1, transactionalIdPrefix, parallelism, committables, subtaskIndex: 1, lastNumber: 4 }
    expect(decodeWriterState(version1, writtenBy)).toEqual(
      either.right({ ...state, ...writtenBy, lastNumber: undefined }),
    )
  })

  it.each([[null], [{}], [{ version: 3 }], [{ ...encodeWriterState(state), committables: 'none' }]])(
    'should not be made of %p',
    (json) => {
      expect(either.isLeft(decodeWriterState(json, writtenBy))).toBe(true)
    },
  )
})
