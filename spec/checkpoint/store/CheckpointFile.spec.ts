import { describe, expect, it } from '@jest/globals'
import * as either from 'fp-ts/lib/Either.js'
import {
  checkpointFile,
  committedFile,
  EMPTY_FILE,
  fromText,
  ownedFile,
  restoredFile,
  sinksFile,
  toText,
  verdictFile,
} from '../../../lib/checkpoint/store/CheckpointFile.js'
import type { StateCodec } from '../../../lib/checkpoint/StateCodec.js'

const checkpoint = {
  ...{ checkpointId: 3, timestamp: 1_000, savepoint: false, parallelism: 1 },
  ...{ states: { source: [{ offset: 7 }] }, committed: { sink: ['job-0-2'] } },
}

const file = <A>(name: string, codec: StateCodec<A>, value: A) => ({
  name,
  value,
  write: () => toText(codec, value),
  read: (text: string) => fromText(codec, name, text),
})

/** What a store holds on a disk, by the name of its file. Another release has to read it. */
const files = [
  file('chk-3.json', checkpointFile, checkpoint),
  file('chk-3.committed.json', committedFile, { sink: ['job-0-2'] }),
  file('restored.json', restoredFile, { from: 'attempt-000001', checkpoint }),
  file('restored.json of a fresh start', restoredFile, { from: null, checkpoint: null }),
  file('sinks.json', sinksFile, [
    { name: 'job', uid: 'sink-job', subtaskIndex: 0, passedOver: [{ first: 3, last: 4 }], handedOn: true },
  ]),
  file('claim.json', ownedFile, { attempt: 'attempt-000002', writer: 'w', host: 'h', pid: 1 }),
  file('verdict.json', verdictFile, { taken: true, by: 'attempt-000002', writer: 'w' }),
]

describe('CheckpointFile', () => {
  it.each(files)('should write $name in version 1, readable, with a line at its end, and read it', (one) => {
    const text = one.write()
    expect(text).toBe(`${JSON.stringify({ version: 1, state: one.value }, undefined, 1)}\n`)
    expect(one.read(text)).toEqual(either.right(one.value))
  })

  it('should have an empty state in a file that says all by being there', () => {
    expect(JSON.parse(EMPTY_FILE)).toEqual({ version: 1, state: {} })
  })

  it.each([
    ['is cut', '{"version":1,"state":{', 'Corrupt', /chk-3\.json cannot be read: .*onCorrupt: 'previous'/s],
    ['has other content', '{"version":1,"state":{}}', 'Corrupt', /chk-3\.json cannot be read: .*checkpointId/s],
    [
      'is of a later release',
      '{"version":2,"state":{}}',
      'UnknownVersion',
      /^chk-3\.json cannot be read: .*version 2/s,
    ],
  ])('should say which file cannot be read, and why, when it %s', (_, text, tag, message) => {
    expect(fromText(checkpointFile, 'chk-3.json', text)).toMatchObject({
      left: { _tag: tag, message: expect.stringMatching(message) },
    })
  })
})
