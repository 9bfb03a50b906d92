import { describe, expect, it } from '@jest/globals'
import * as either from 'fp-ts/lib/Either.js'
import { decodeWriterState, encodeWriterState } from '../../lib/sink/writer/KafkaWriterState.js'

const committable = {
  ...{ transactionalId: 'job-1-7', producerId: 9_007_199_254_740_993n, epoch: 3 },
  ...{ checkpointId: 7, records: 12 },
}
const state = {
  ...{ transactionalIdPrefix: 'job', subtaskIndex: 1, parallelism: 2, checkpointId: 8 },
  committables: [committable],
  naming: { strategy: 'INCREMENTING', lastNumber: 9 },
}
const writtenBy = { subtaskIndex: 0, checkpointId: 5 }

/** As it comes back from a file. */
const stored = (json: unknown): unknown => JSON.parse(JSON.stringify(json))

/** As states were written before version 3. */
const older = {
  1: `{"version":1,"transactionalIdPrefix":"job","parallelism":2,"committables":[{"transactionalId":"job-1-7",
    "producerId":"9007199254740993","epoch":3,"checkpointId":7,"records":12}]}`,
  2: `{"version":2,"transactionalIdPrefix":"job","subtaskIndex":1,"parallelism":2,"checkpointId":8,"committables":
    [{"transactionalId":"job-1-7","producerId":"9007199254740993","epoch":3,"checkpointId":7,"records":12}],"lastNumber":9}`,
} as const

describe('KafkaWriterState', () => {
  it('should come back from a checkpoint as it was, also what only its strategy can read', () => {
    for (const naming of [state.naming, { strategy: 'POOLING', pooled: ['job-1-0'] }])
      expect(decodeWriterState(stored(encodeWriterState({ ...state, naming })), writtenBy)).toEqual(
        either.right({ ...state, naming }),
      )
  })

  it('should keep of a committable what a commit takes, and nothing else', () => {
    const more = { ...state, committables: [{ ...committable, inDoubt: true }] }
    expect(encodeWriterState(more)).toEqual({
      version: 3,
      state: { ...state, committables: [{ ...committable, producerId: '9007199254740993' }] },
    })
  })

  it('should be read from version 2, with its last number or without', () => {
    const json = JSON.parse(older[2]) as object
    expect(decodeWriterState(json, writtenBy)).toEqual(either.right(state))
    expect(decodeWriterState({ ...json, lastNumber: undefined }, writtenBy)).toEqual(
      either.right({ ...state, naming: { strategy: 'INCREMENTING' } }),
    )
  })

  it('should know of version 1 who has written it from where it is', () => {
    const stray = { ...(JSON.parse(older[1]) as object), subtaskIndex: 1, lastNumber: 4 }
    for (const json of [JSON.parse(older[1]), stray])
      expect(decodeWriterState(json, writtenBy)).toEqual(
        either.right({ ...state, ...writtenBy, naming: { strategy: 'INCREMENTING' } }),
      )
  })

  it.each<[unknown]>([
    [null],
    [{}],
    [{ version: 3 }],
    [{ version: 2, state: JSON.parse(older[1]) }],
    [{ version: 3, state: { ...state, committables: 'none' } }],
    [{ version: 3, state: { ...state, committables: [{ ...committable, producerId: 'seven' }] } }],
    [{ version: 3, state: { ...state, committables: [], naming: {} } }],
  ])('should not be made of %p', (json) => {
    expect(decodeWriterState(json, writtenBy)).toMatchObject({ _tag: 'Left', left: { _tag: 'Corrupt' } })
  })

  it('should name a version that a newer release has written', () => {
    expect(decodeWriterState({ version: 4, state }, writtenBy)).toMatchObject({
      left: { _tag: 'UnknownVersion', message: expect.stringContaining('"KafkaSink" has version 4') },
    })
  })
})
