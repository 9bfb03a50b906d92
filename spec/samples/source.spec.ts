import { describe, expect, it } from '@jest/globals'
import { lastValueFrom, toArray } from 'rxjs'
import { MemoryKafka } from '../../lib/testing/index.js'
import { samples } from '../../samples/source/index.js'

/** What each sample tells. */
const told: Readonly<Record<string, readonly (string | RegExp)[]>> = {
  subscription: [
    'list: departures 0',
    'list: departures 1',
    'partitions: arrivals 1',
    'pattern: arrivals 0',
    'pattern: arrivals 1',
    'pattern: departures 0',
    'pattern: departures 1',
  ],
  deserializers: [
    '"at 0"',
    '"flights"',
    '256',
    '{"key":"AA 7","value":{"origin":"AMS","delay":12},"metadata":{"offset":0,"topic":"flights","partition":0}}',
    '{"origin":"AMS","delay":12}',
    '{"timestamp":1000,"headers":[]}',
  ],
  deadLetters: [
    'flight: AMS 12',
    /^reject: noise \(flights-0 at 2: /,
    /^reject: {"origin":"LIS"} \(flights-0 at 1: .*delay: number\)$/,
  ],
  startingOffsets: [
    'committed: nine',
    'earliest: six, seven, eight, nine',
    'from offset 2: eight, nine',
    'from seven o’clock: seven, eight, nine',
    'latest: ',
  ],
  boundedness: ['bounded: done', 'lap 1', 'lap 1', 'lap 2', 'lap 2', 'lap 3', 'unbounded, with a stop: done'],
  properties: [
    /^Invalid url in bootstrap\.servers/,
    /^Property fetch\.max\.byte is not known .*fetch\.max\.bytes\?$/,
    /^Property isolation\.level must be/,
    /^Property session\.timeout\.ms has no effect/,
  ],
  discovery: ['read: first', 'read: new partition', 'read: new topic'],
  offsetCommitting: ['by time: 3', 'neither: nothing', 'with checkpoints: 3'],
}

describe('the samples of a source', () => {
  it('should all be told of here', () => {
    expect(Object.keys(samples).sort()).toEqual(Object.keys(told).sort())
  })

  it.each(Object.entries(samples))(
    'should run: %s',
    async (name, sample) => {
      const lines = await lastValueFrom(sample(new MemoryKafka()).pipe(toArray()))
      const expected = told[name]!.map((line) => (typeof line === 'string' ? line : expect.stringMatching(line)))
      expect(lines.sort()).toEqual(expected)
    },
    60_000,
  )
})
