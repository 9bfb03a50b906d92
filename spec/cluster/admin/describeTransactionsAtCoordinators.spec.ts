import { describe, expect, it } from '@jest/globals'
import { concat, map, type Observable } from 'rxjs'
import { KafkaError } from '../../../lib/client/KafkaError.js'
import { describeTransactionsAtCoordinators } from '../../../lib/cluster/admin/describeTransactionsAtCoordinators.js'
import { connectionLost } from '../../../lib/cluster/connectionErrors.js'
import { newestSpoken } from '../../../lib/protocol/newestSpoken.js'
import {
  type DescribeTransactionsRequest,
  type DescribeTransactionsResponse,
  describeTransactionsApi,
} from '../../../lib/protocol/requests/describeTransactions.js'
import type { FindCoordinatorRequest } from '../../../lib/protocol/requests/findCoordinator.js'
import type { FindCoordinatorsRequest } from '../../../lib/protocol/requests/findCoordinators.js'
import { ClientScene } from '../support/ClientScene.js'

const [notCoordinator, loading, notFound, refused] = [16, 14, 105, 53]

interface Answering {
  /** of these ids it is broker 2, of all others 1 */
  readonly atSecond?: readonly string[]
  /** what is answered about an id, one answer after the other; then success */
  readonly codes?: Readonly<Record<string, readonly number[]>>
  /** what is answered to who asks where an id is coordinated */
  readonly coordinatorCodes?: Readonly<Record<string, number>>
  /** how many answers leave out the last id of several: about transactions, and about their coordinators */
  readonly leftOut?: { readonly describe?: number; readonly find?: number }
  /** an id that answers about transactions speak of besides */
  readonly unasked?: string
  /** how many connections are lost before an answer */
  readonly lost?: number
  /** brokers are older than Kafka 3.0: one id at a time */
  readonly older?: boolean
  readonly requestTimeoutMs?: number
}

/** Two brokers. A request and its answer take 10 ms. */
const sceneOf = ({
  atSecond = [],
  codes: given = {},
  coordinatorCodes = {},
  leftOut = {},
  unasked,
  lost = 0,
  older = false,
  requestTimeoutMs = 30_000,
}: Answering = {}) => {
  const coordinators = new Map(atSecond.map((id) => [id, 2]))
  const codes = new Map(Object.entries(given).map(([id, all]) => [id, [...all]]))
  const left = { describe: 0, find: 0, ...leftOut }
  const find = (request: FindCoordinatorRequest | FindCoordinatorsRequest) => {
    const facts = { throttleTimeMs: 0, errorCode: 0, errorMessage: null }
    if ('key' in request) return { ...facts, nodeId: coordinators.get(request.key) ?? 1, host: 'memory', port: 9092 }
    if (older) throw new KafkaError({ _tag: 'Unsupported', message: 'FindCoordinator, version 4' })
    const keys = request.keys.length > 1 && left.find-- > 0 ? request.keys.slice(0, -1) : request.keys
    return {
      throttleTimeMs: 0,
      coordinators: keys.map((key) => ({
        ...{ key, nodeId: coordinators.get(key) ?? 1, errorCode: coordinatorCodes[key] ?? 0, errorMessage: null },
      })),
    }
  }
  const describeThem = (
    { transactionalIds: ids }: DescribeTransactionsRequest,
    nodeId: number,
  ): DescribeTransactionsResponse => {
    if (lost-- > 0) throw connectionLost('memory:9092', 'it was cut')
    const spoken = ids.length > 0 && left.describe-- > 0 ? ids.filter((id) => id !== 'b') : ids
    const transactions = (unasked === undefined ? spoken : [...spoken, unasked]).map((transactionalId) => {
      const errorCode = codes.get(transactionalId)?.shift() ?? 0
      if (errorCode === notCoordinator) coordinators.set(transactionalId, 3 - nodeId)
      return { errorCode, transactionalId, state: errorCode === 0 ? 'Ongoing' : '', ...facts }
    })
    return { throttleTimeMs: 0, transactions }
  }
  return new ClientScene({
    brokers: 2,
    config: { requestTimeoutMs },
    answers: { FindCoordinator: find, DescribeTransactions: describeThem },
  })
}

const facts = { timeoutMs: 60_000, startTimeMs: 1_700_000_000_000, producerId: 7n, producerEpoch: 3, partitions: [] }

const ask = ({ cluster }: ClientScene, ...ids: readonly string[]): Observable<string> =>
  describeTransactionsAtCoordinators(cluster, ids).pipe(map((found) => [...found.keys()].sort().join(' ')))

/** `1: a c`: who was asked, and about what. */
const asked = (scene: ClientScene) =>
  scene.requests(
    'DescribeTransactions',
    ({ nodeId, request }) => `${nodeId}: ${(request as DescribeTransactionsRequest).transactionalIds.join(' ')}`,
  )

/** What is asked about coordinators: `a b c`, or one at a time. */
const sought = (scene: ClientScene) =>
  scene.requests('FindCoordinator', ({ request }) => {
    const one = request as FindCoordinatorRequest | FindCoordinatorsRequest
    return 'key' in one ? one.key : one.keys.join(' ')
  })

describe('describeTransactionsAtCoordinators', () => {
  it('should ask each coordinator once, about all its ids', () => {
    const scene = sceneOf({ atSecond: ['b'], codes: { c: [notFound] } })
    scene.play(({ expectObservable }) => {
      expectObservable(asked(scene)).toBe('10ms (ab)', { a: '1: a c', b: '2: b' })
      const described = describeTransactionsAtCoordinators(scene.cluster, ['a', 'b', 'c', 'a'])
      expectObservable(described.pipe(map((found) => [...found.values()]))).toBe('20ms (f|)', {
        f: ['a', 'b'].map((transactionalId) => ({
          ...{ transactionalId, state: 'Ongoing', producerId: 7n, epoch: 3 },
          ...{ timeoutMs: 60_000, startTime: 1_700_000_000_000, partitions: [] },
        })),
      })
    })
  })

  it('should find all coordinators by one question, and remember them', () => {
    const scene = sceneOf()
    scene.play(({ expectObservable }) => {
      expectObservable(sought(scene)).toBe('a 29ms b', { a: 'a b c', b: 'd' })
      expectObservable(concat(ask(scene, 'a', 'b', 'c'), ask(scene, 'a', 'b', 'c'), ask(scene, 'a', 'd'))).toBe(
        '20ms f 9ms f 19ms (g|)',
        { f: 'a b c', g: 'a d' },
      )
    })
  })

  it('should remember those that are found beside one that is refused', () => {
    const scene = sceneOf({ coordinatorCodes: { b: refused } })
    scene.play(({ expectObservable }) => {
      expectObservable(sought(scene)).toBe('a', { a: 'a b c' })
      const error = expect.objectContaining({ _tag: 'Authorization', transactionalId: 'b' })
      expectObservable(ask(scene, 'a', 'b', 'c')).toBe('10ms #', {}, error)
      expectObservable(scene.from(50, () => ask(scene, 'a', 'c'))).toBe('60ms (f|)', { f: 'a c' })
    })
  })

  it('should find them one by one where brokers are older than Kafka 3.0', () => {
    const scene = sceneOf({ older: true })
    scene.play(({ expectObservable }) => {
      expectObservable(sought(scene)).toBe('a 9ms (bc)', { a: 'a b', b: 'a', c: 'b' })
      expectObservable(ask(scene, 'a', 'b')).toBe('30ms (f|)', { f: 'a b' })
    })
  })

  it('should ask again about an id that an answer says nothing of, rather than take it for unknown', () => {
    const silent = sceneOf({ leftOut: { describe: 1 } })
    silent.play(({ expectObservable }) => {
      expectObservable(asked(silent)).toBe('10ms a 109ms b', { a: '1: a b', b: '1: b' })
      expectObservable(ask(silent, 'a', 'b')).toBe('130ms (f|)', { f: 'a b' })
    })
    const lost = sceneOf({ leftOut: { find: 1 } })
    lost.play(({ expectObservable }) => {
      expectObservable(sought(lost)).toBe('a 109ms a', { a: 'c d' })
      expectObservable(ask(lost, 'c', 'd')).toBe('130ms (f|)', { f: 'c d' })
    })
  })

  it('should name an id that no answer speaks of', () => {
    const named = (id: string, message: string) =>
      expect.objectContaining({
        ...{ _tag: 'Broker', retriable: true, transactionalId: id },
        message: expect.stringContaining(message),
      })
    const silent = sceneOf({ leftOut: { describe: Infinity }, requestTimeoutMs: 100 })
    silent.play(({ expectObservable }) => {
      const error = named('b', 'without an answer for transactional.id "b"')
      expectObservable(ask(silent, 'a', 'b')).toBe('20ms #', {}, error)
    })
    const lost = sceneOf({ leftOut: { find: Infinity }, requestTimeoutMs: 100 })
    lost.play(({ expectObservable }) => {
      const error = named('d', 'FindCoordinator without an answer for transactional.id "d"')
      expectObservable(ask(lost, 'c', 'd')).toBe('10ms #', {}, error)
    })
  })

  it('should take no answer about what it has not asked for', () => {
    const scene = sceneOf({ unasked: 'stranger' })
    scene.play(({ expectObservable }) => {
      expectObservable(ask(scene, 'a', 'b')).toBe('20ms (f|)', { f: 'a b' })
    })
  })

  it('should ask nobody about nothing', () => {
    const scene = sceneOf()
    scene.play(({ expectObservable }) => {
      expectObservable(ask(scene)).toBe('(f|)', { f: '' })
      expectObservable(asked(scene)).toBe('')
    })
  })

  it('should ask again about what has moved, at its new coordinator, and keep the other answers', () => {
    const scene = sceneOf({ codes: { b: [notCoordinator] } })
    scene.play(({ expectObservable }) => {
      expectObservable(asked(scene)).toBe('10ms a 119ms b', { a: '1: a b', b: '2: b' })
      expectObservable(ask(scene, 'a', 'b')).toBe('140ms (f|)', { f: 'a b' })
    })
  })

  it('should wait for a coordinator that loads, or that was lost', () => {
    const loads = sceneOf({ codes: { a: [loading, loading] } })
    loads.play(({ expectObservable }) => {
      expectObservable(asked(loads)).toBe('10ms a 119ms a 219ms a', { a: '1: a' })
      expectObservable(ask(loads, 'a')).toBe('360ms (f|)', { f: 'a' })
    })
    const cut = sceneOf({ lost: 1 })
    cut.play(({ expectObservable }) => {
      expectObservable(asked(cut)).toBe('10ms a 119ms a', { a: '1: a' })
      expectObservable(ask(cut, 'a')).toBe('140ms (f|)', { f: 'a' })
    })
  })

  it('should say which id it has no permission for, and not ask again', () => {
    const scene = sceneOf({ codes: { b: [refused] } })
    scene.play(({ expectObservable }) => {
      expectObservable(asked(scene)).toBe('10ms a', { a: '1: a b' })
      expectObservable(ask(scene, 'a', 'b')).toBe(
        '20ms #',
        {},
        expect.objectContaining({
          ...{ _tag: 'Authorization', retriable: false, transactionalId: 'b' },
          message: expect.stringMatching(/^DescribeTransactions for transactional.id "b": .*Describe/),
        }),
      )
    })
  })

  it('should say which Kafka it takes to a broker that does not know the question', () => {
    const tooOld = () => newestSpoken('memory:9092', new Map(), describeTransactionsApi)
    const scene = new ClientScene({ brokers: 2, answers: { DescribeTransactions: tooOld } })
    scene.play(({ expectObservable }) => {
      expectObservable(ask(scene, 'a')).toBe(
        '20ms #',
        {},
        expect.objectContaining({
          ...{ _tag: 'Unsupported', retriable: false, api: 'DescribeTransactions' },
          message: expect.stringMatching(/the broker does not know it\. EXACTLY_ONCE needs Kafka 3\.0 or later\.$/),
        }),
      )
    })
  })
})
