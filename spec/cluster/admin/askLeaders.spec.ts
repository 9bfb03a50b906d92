import { describe, expect, it } from '@jest/globals'
import { map, type Observable } from 'rxjs'
import { TopicPartition } from '../../../lib/client/TopicPartition.js'
import { describeProducersAtLeaders } from '../../../lib/cluster/admin/describeProducersAtLeaders.js'
import { Fault } from '../../../lib/memory/Fault.js'
import type {
  DescribeProducersRequest,
  DescribeProducersResponse,
} from '../../../lib/protocol/requests/describeProducers.js'
import { ClientScene, type SentRequest } from '../support/ClientScene.js'

const [notLeader, refused] = [6, 29]

interface Answering {
  readonly code?: (nodeId: number, partition: number) => number
  readonly message?: string
  readonly leavesOut?: (partition: number) => boolean
}

/** Broker 1 leads t-0 and t-2, broker 2 leads t-1. A request and its answer take 10 ms. */
const sceneOf = ({ code = () => 0, message, leavesOut = () => false }: Answering = {}, requestTimeoutMs = 30_000) => {
  const answer = ({ partitions }: DescribeProducersRequest, nodeId: number): DescribeProducersResponse => ({
    throttleTimeMs: 0,
    partitions: partitions
      .filter(({ partition }) => !leavesOut(partition))
      .map(({ topic, partition }) => {
        const errorCode = code(nodeId, partition)
        const producers = errorCode === 0 ? [{ ...producer, producerId: BigInt(partition) }] : []
        return { topic, partition, errorCode, errorMessage: errorCode === 0 ? null : (message ?? null), producers }
      }),
  })
  return new ClientScene({ brokers: 2, answers: { DescribeProducers: answer }, config: { requestTimeoutMs } })
}

const producer = {
  ...{ producerEpoch: 3, lastSequence: 41, lastTimestampMs: 1_700_000_000_000 },
  ...{ coordinatorEpoch: -1, currentTxnStartOffset: 60 },
}

const described = {
  ...{ epoch: 3, lastSequence: 41, lastTimestamp: 1_700_000_000_000 },
  ...{ coordinatorEpoch: undefined, transactionStartOffset: 60 },
}

const ask = ({ cluster }: ClientScene, ...partitions: readonly number[]) =>
  describeProducersAtLeaders(
    cluster,
    partitions.map((partition) => new TopicPartition('t', partition)),
  )

const keysOf = (found$: ReturnType<typeof ask>): Observable<string> =>
  found$.pipe(map((found) => [...found.keys()].sort().join(' ')))

/** `1: t-0 t-2`: who was asked, and about what. */
const asked = (scene: ClientScene) =>
  scene.requests('DescribeProducers', ({ nodeId, request }: SentRequest) => {
    const { partitions } = request as DescribeProducersRequest
    return `${nodeId}: ${partitions.map(({ topic, partition }) => `${topic}-${partition}`).join(' ')}`
  })

describe('askLeaders', () => {
  it('should ask each leader once, about all its partitions', () => {
    const scene = sceneOf()
    scene.play(({ expectObservable }) => {
      expectObservable(asked(scene)).toBe('(ab)', { a: '1: t-0 t-2', b: '2: t-1' })
      expectObservable(ask(scene, 0, 1, 2).pipe(map((found) => [...found].sort()))).toBe('10ms (f|)', {
        f: [
          ['t-0', [{ ...described, producerId: 0n }]],
          ['t-1', [{ ...described, producerId: 1n }]],
          ['t-2', [{ ...described, producerId: 2n }]],
        ],
      })
    })
  })

  it('should ask again about a partition that an answer says nothing of', () => {
    let answers = 0
    const scene = sceneOf({ leavesOut: (partition) => partition === 2 && ++answers === 1 })
    scene.play(({ expectObservable }) => {
      expectObservable(asked(scene)).toBe('a 209ms b', { a: '1: t-0 t-2', b: '1: t-2' })
      expectObservable(keysOf(ask(scene, 0, 2))).toBe('220ms (f|)', { f: 't-0 t-2' })
    })
  })

  it('should ask again about a partition whose leader has moved, there and alone', () => {
    const scene = sceneOf({
      code: (nodeId, partition) => {
        if (nodeId !== 1 || partition !== 2) return 0
        scene.log('t', 2).nextLeader(2)
        return notLeader
      },
    })
    scene.play(({ expectObservable }) => {
      expectObservable(asked(scene)).toBe('a 209ms b', { a: '1: t-0 t-2', b: '2: t-2' })
      expectObservable(keysOf(ask(scene, 0, 2))).toBe('220ms (f|)', { f: 't-0 t-2' })
    })
  })

  it('should ask again when the connection was lost', () => {
    const scene = new ClientScene({ brokers: 2 })
    scene.inject({ api: 'DescribeProducers', nodeId: 1 }, Fault.fail())
    scene.play(({ expectObservable }) => {
      expectObservable(asked(scene)).toBe('(ab) 206ms a', { a: '1: t-0', b: '2: t-1' })
      expectObservable(keysOf(ask(scene, 0, 1))).toBe('220ms (f|)', { f: 't-0 t-1' })
    })
  })

  it('should say at once, in the words of the broker too, what it has no permission for', () => {
    const scene = sceneOf({ code: (_, partition) => (partition === 2 ? refused : 0), message: 'Not for you.' })
    scene.play(({ expectObservable }) => {
      expectObservable(asked(scene)).toBe('a', { a: '1: t-0 t-2' })
      expectObservable(ask(scene, 0, 2)).toBe(
        '10ms #',
        {},
        expect.objectContaining({
          ...{ _tag: 'Authorization', topic: 't', partition: 2, retriable: false },
          message: expect.stringMatching(/^DescribeProducers of t-2: .* "Not for you"/),
        }),
      )
    })
  })

  it('should look for a partition that is not there, and then name it', () => {
    const scene = sceneOf({}, 100)
    scene.play(({ expectObservable }) => {
      expectObservable(asked(scene)).toBe('110ms a', { a: '1: t-0' })
      expectObservable(ask(scene, 0, 7)).toBe(
        '210ms #',
        {},
        expect.objectContaining({ codeName: 'UNKNOWN_TOPIC_OR_PARTITION', topic: 't', partition: 7 }),
      )
    })
  })
})
