import { describe, expect, it } from '@jest/globals'
import { CheckpointCoordinator } from '../../lib/checkpoint/CheckpointCoordinator.js'
import { TopicPartition } from '../../lib/client/TopicPartition.js'
import { type KafkaSourceState, kafkaSourceState } from '../../lib/source/enumerator/KafkaSourceEnumState.js'
import { restoredState } from '../../lib/source/enumerator/restoredState.js'
import { withoutCheckpoints } from '../../lib/source/reader/withoutCheckpoints.js'
import { onKafka } from './support/onKafka.js'
import { builderOf, quiet, valuesFor } from './support/sourceOf.js'
import { storeWith } from './support/storeWith.js'

const splits = [
  { topic: 't', partition: 0, offset: 7 },
  { topic: 't', partition: 3, offset: 2, stoppingOffset: 9 },
]
const read = [
  { topicPartition: new TopicPartition('t', 0), startingOffset: 7 },
  { topicPartition: new TopicPartition('t', 3), startingOffset: 2, stoppingOffset: 9 },
]

const decoded = (json: unknown): KafkaSourceState => {
  const either = kafkaSourceState.decode(json)
  if (either._tag === 'Left') throw either.left
  return either.right
}

describe('the state of a source', () => {
  it('should be read in every version that was written', () => {
    expect(decoded({ version: 1, state: { splits, initialDiscoveryFinished: true } })).toEqual({
      subtask: undefined,
      topics: new Map(),
      splits: read,
      initialDiscoveryFinished: true,
    })
    const subtask = { subtaskIndex: 1, parallelism: 4 }
    expect(decoded({ version: 2, state: { ...subtask, splits, initialDiscoveryFinished: false } })).toEqual({
      subtask,
      topics: new Map(),
      splits: read,
      initialDiscoveryFinished: false,
    })
  })

  it('should hold what tells one log from another, and which topics there were', () => {
    const state: KafkaSourceState = {
      subtask: { subtaskIndex: 0, parallelism: 2 },
      topics: new Map([
        ['t', 4],
        ['constructor', 1],
      ]),
      splits: [{ ...read[0]!, topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', leaderEpoch: 5, stoppingOffset: undefined }, read[1]!],
      initialDiscoveryFinished: true,
    }
    expect(decoded(JSON.parse(JSON.stringify(kafkaSourceState.encode(state))))).toEqual(state)
  })

  it('should be refused when it is damaged, or newer', () => {
    for (const [state, fault] of [
      [{ version: 3, state: { splits, subtaskIndex: 0, parallelism: 1, topics: { t: 'x' } } }, 'topics'],
      [{ version: 2, state: { splits: [{ topic: 't' }], initialDiscoveryFinished: true } }, 'partition'],
      [{ version: 4, state: {} }, 'has version 4; this release reads 1, 2, 3'],
    ] as const)
      expect(() => decoded(state)).toThrow(fault)
  })

  it('should know all topics after another parallelism, as far as any subtask has seen them grow', () => {
    const of = (subtaskIndex: number, topics: Readonly<Record<string, number>>) => ({
      version: 3,
      state: { subtaskIndex, parallelism: 2, topics, splits: [], initialDiscoveryFinished: true },
    })
    const restored = {
      ...withoutCheckpoints(() => undefined),
      statesOf: () => [of(0, { a: 3, b: 1 }), of(1, { a: 2, c: 5 })],
    }
    expect(restoredState(restored, 'source', 3, 0)?.topics).toEqual(
      new Map([
        ['a', 3],
        ['b', 1],
        ['c', 5],
      ]),
    )
  })

  it('should go on from one without ids, and have them in the next', () => {
    onKafka({ t: 2 }, (kafka, scheduler, { expectObservable, flush }) => {
      kafka.produce('t', valuesFor(0, 'a', 'b', 'c'))
      const store = storeWith({
        version: 2,
        state: {
          ...{ subtaskIndex: 0, parallelism: 1, initialDiscoveryFinished: true },
          splits: [0, 1].map((partition) => ({ topic: 't', partition, offset: 1 - partition })),
        },
      })
      const checkpoints = CheckpointCoordinator.create({ interval: 5, store, scheduler, logger: quiet })
      const values$ = builderOf().build().records({ connect: kafka.connect, scheduler, checkpoints })
      expectObservable(values$, '^ 20ms !').toBe('(bc)')
      flush()
      const topicId = 'AAAAAAAAAAAAAAAAAAAAAQ'
      expect(decoded(store.stored.at(-1)?.states['source']?.[0])).toMatchObject({
        topics: new Map([['t', 2]]),
        // Of the second nothing was ever read, and its topic is known all the same.
        splits: [
          { startingOffset: 3, topicId, leaderEpoch: 0 },
          { startingOffset: 0, topicId },
        ],
      })
    })
  })
})
