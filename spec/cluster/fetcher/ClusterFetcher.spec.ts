import { describe, expect, it } from '@jest/globals'
import { filter, map, NEVER, type Observable } from 'rxjs'
import type { FetcherConfig } from '../../../lib/client/KafkaConfig.js'
import type { FetchedRecords, FetchFailed } from '../../../lib/client/KafkaFetcher.js'
import { TopicPartition } from '../../../lib/client/TopicPartition.js'
import { ClusterFetcher } from '../../../lib/cluster/fetcher/ClusterFetcher.js'
import { Fault } from '../../../lib/memory/Fault.js'
import { brokerError } from '../../../lib/protocol/brokerError.js'
import type { FetchRequest } from '../../../lib/protocol/requests/fetch.js'
import type { OffsetForLeaderEpochRequest } from '../../../lib/protocol/requests/offsetForLeaderEpoch.js'
import { batchOf, ClientScene, type ClientSceneOptions } from '../support/ClientScene.js'

const a = new TopicPartition('t', 0)
const b = new TopicPartition('t', 1)

const fetcherConfig: FetcherConfig = {
  isolationLevel: 'read_committed',
  minBytes: 1,
  maxBytes: 1_000_000,
  maxPartitionBytes: 70,
  maxWaitMs: 10_000,
  checkCrcs: true,
}

const refusal = (code: number): Fault => Fault.fail(brokerError(code, { api: 'Fetch' }))
const matching = (error: object): unknown => expect.objectContaining({ error: expect.objectContaining(error) })

/** A batch of one record in each fetch; brokers 1 and 2 lead partitions 0 and 1. */
const setUp = (options: ClientSceneOptions = {}) => {
  const scene = new ClientScene({ topics: { t: 2 }, brokers: 2, ...options })
  const fetcher = new ClusterFetcher(scene.cluster, fetcherConfig, '0')
  const begin = (topicPartition: TopicPartition, offset = 0): void => {
    fetcher.assign(topicPartition, offset)
    fetcher.request(topicPartition)
  }
  /** `partition: values`, or the tag of an error. */
  const read$ = fetcher.fetched$.pipe(
    map((outcome: FetchedRecords | FetchFailed): string => {
      const { partition } = outcome.topicPartition
      if (outcome._tag === 'FetchFailed') return `${partition}: ${outcome.error._tag}`
      return `${partition}: ${outcome
        .take(Infinity)
        .map(({ value }) => String(value))
        .join(' ')}`
    }),
  )
  const failed$ = fetcher.fetched$.pipe(filter((outcome): outcome is FetchFailed => outcome._tag === 'FetchFailed'))
  /** Each fetch, of one partition: `broker: partition@offset`. */
  const fetches = (): Observable<string> =>
    scene.requests('Fetch', ({ nodeId, request }) =>
      (request as FetchRequest).partitions.map((of) => `${nodeId}: ${of.partition}@${of.fetchOffset}`).join(' '),
    )
  const epochsAsked = (): Observable<string> =>
    scene.requests('OffsetForLeaderEpoch', ({ nodeId, request }) =>
      (request as OffsetForLeaderEpochRequest).partitions
        .map((of) => `${nodeId}: ${of.partition} epoch ${of.leaderEpoch} of ${of.currentLeaderEpoch}`)
        .join(' '),
    )
  return { scene, fetcher, begin, read$, failed$, fetches, epochsAsked }
}

// A request and its answer take 10 ms. Faults are answered as a broker would, and meet a fetch as it arrives.
describe('ClusterFetcher', () => {
  describe('demand', () => {
    it('should answer one request with one fetch, and then nothing; and never within a call', () => {
      const { scene, fetcher, begin, read$, fetches } = setUp()
      scene.write(0, 'x')
      scene.write(0, 'y')
      let within = true
      scene.play(({ expectObservable }) => {
        fetcher.fetched$.subscribe(() => expect(within).toBe(false))
        expectObservable(read$).toBe('   10ms r', { r: '0: x' })
        begin(a)
        within = false
        expectObservable(fetches()).toBe('a', { a: '1: 0@0' })
      })
    })

    it('should have the next fetch in flight while the former is taken, from where its batches end', () => {
      const { scene, fetcher, begin, read$, fetches } = setUp()
      for (const [first, second] of ['ab', 'cd', 'ef']) scene.write(0, first!, second!)
      scene.play(({ expectObservable }) => {
        expectObservable(read$).toBe('   10ms r 9ms s 9ms t', { r: '0: a b', s: '0: c d', t: '0: e f' })
        // Asked for within the answer, before its records are taken.
        fetcher.fetched$.subscribe(() => fetcher.request(a))
        begin(a)
        const asked = { r: '1: 0@0', s: '1: 0@2', t: '1: 0@4', u: '1: 0@6' }
        expectObservable(fetches()).toBe('r 9ms s 9ms t 9ms u 9ms u', asked)
      })
    })

    it('should drop what is in flight when it is assigned anew, and read from there', () => {
      const { scene, begin, read$, fetches } = setUp()
      for (const value of ['x', 'y', 'z']) scene.write(0, value)
      scene.play(({ expectObservable }) => {
        expectObservable(read$).toBe('   15ms r', { r: '0: z' })
        begin(a)
        scene.at(5, () => begin(a, 2))
        expectObservable(fetches()).toBe('a----b', { a: '1: 0@0', b: '1: 0@2' })
      })
    })

    it('should emit nothing for a partition that was unassigned', () => {
      const { scene, fetcher, begin, read$ } = setUp()
      scene.write(0, 'x')
      scene.write(1, 'y')
      scene.play(({ expectObservable }) => {
        expectObservable(read$).toBe('10ms r', { r: '1: y' })
        begin(a)
        begin(b)
        scene.at(5, () => fetcher.unassign(a))
      })
    })

    it('should wait at the broker for data, and ask again after an answer without records', () => {
      const { scene, begin, read$, fetches } = setUp()
      scene.play(({ expectObservable }) => {
        expectObservable(read$).toBe('110ms r', { r: '0: x' })
        begin(a)
        scene.at(100, () => scene.write(0, 'x'))
        // First it hears where the log ends.
        expectObservable(fetches()).toBe('a 9ms a', { a: '1: 0@0' })
      })
    })

    it('should stop at once when it is closed, and keep the client open', () => {
      const { scene, fetcher, begin, read$, fetches } = setUp()
      scene.write(0, 'x')
      scene.play(({ expectObservable }) => {
        expectObservable(read$).toBe('')
        begin(a)
        scene.at(5, () => fetcher.close())
        expectObservable(fetches()).toBe('a', { a: '1: 0@0' })
        const known = scene.from(200, () => scene.cluster.refreshMetadata(['t'])).pipe(map(() => 'k'))
        expectObservable(known).toBe('210ms (k|)')
      })
    })
  })

  describe('trouble', () => {
    it('should follow a leader that moved, and not tell', () => {
      const { scene, begin, read$, fetches } = setUp()
      scene.write(0, 'x')
      scene.play(({ expectObservable }) => {
        expectObservable(read$).toBe('   230ms r', { r: '0: x' })
        scene.log('t', 0).nextLeader(2)
        // Known of old: metadata about the same topics is asked for once in 100 ms.
        scene.at(200, () => begin(a))
        expectObservable(fetches()).toBe('200ms a 19ms b', { a: '1: 0@0', b: '2: 0@0' })
      })
    })

    it('should wait for a leader to be elected, with waits that grow', () => {
      const { scene, begin, read$ } = setUp()
      scene.write(0, 'x')
      const log = scene.log('t', 0)
      scene.play(({ expectObservable }) => {
        expectObservable(read$).toBe('1530ms r', { r: '0: x' })
        log.available = false
        begin(a)
        scene.at(1_500, () => (log.available = true))
        const asked = scene.requests('Metadata', () => 'm')
        expectObservable(asked).toBe('100ms m 99ms m 109ms m 399ms m 799ms m')
      })
    })

    it('should go on after its connection was lost', () => {
      const { scene, begin, read$, fetches } = setUp()
      scene.write(0, 'x')
      scene.inject({ api: 'Fetch' }, Fault.fail())
      scene.play(({ expectObservable }) => {
        expectObservable(read$).toBe('   120ms r', { r: '0: x' })
        begin(a)
        expectObservable(fetches()).toBe('a 109ms a', { a: '1: 0@0' })
      })
    })

    it('should go on after the broker did not answer in time, which is request.timeout.ms behind the longest wait', () => {
      const { scene, begin, read$, fetches } = setUp({ config: { requestTimeoutMs: 500 } })
      scene.write(0, 'x')
      scene.inject({ api: 'Fetch' }, Fault.hold(NEVER))
      scene.play(({ expectObservable }) => {
        expectObservable(read$).toBe('   10610ms r', { r: '0: x' })
        begin(a)
        expectObservable(fetches()).toBe('a 10599ms a', { a: '1: 0@0' })
      })
    })

    it('should back off longer with each trouble of a partition, up to retry.backoff.max.ms, and from the beginning after one success', () => {
      const { scene, fetcher, begin, read$, fetches } = setUp()
      scene.write(0, 'x')
      scene.write(0, 'y')
      scene.inject({ api: 'Fetch', times: 6 }, refusal(78))
      scene.inject({ api: 'Fetch', nth: 2 }, refusal(78))
      scene.play(({ expectObservable }) => {
        expectObservable(read$).toBe('3570ms r 119ms s', { r: '0: x', s: '0: y' })
        fetcher.fetched$.subscribe(() => fetcher.request(a))
        begin(a)
        const picture = 'a 109ms a 209ms a 409ms a 809ms a 1009ms a 1009ms a 9ms b 109ms b 9ms c 9ms c'
        expectObservable(fetches()).toBe(picture, { a: '1: 0@0', b: '1: 0@1', c: '1: 0@2' })
      })
    })

    it('should report an offset that is out of range, and read on from another', () => {
      const { scene, begin, read$, failed$ } = setUp()
      scene.write(0, 'x')
      const error = { _tag: 'OffsetOutOfRange', topic: 't', partition: 0, offset: 5 }
      scene.play(({ expectObservable }) => {
        expectObservable(failed$).toBe('10ms f', { f: matching(error) })
        expectObservable(read$).toBe('  10ms f 19ms r', { f: '0: OffsetOutOfRange', r: '0: x' })
        begin(a, 5)
        scene.at(20, () => begin(a, 0))
      })
    })

    it('should report that its rights were taken away on the way, and read on where it was once they are back', () => {
      const { scene, fetcher, begin, read$, failed$ } = setUp()
      scene.write(0, 'x')
      scene.write(0, 'y')
      scene.inject({ api: 'Fetch', nth: 2 }, refusal(29))
      const error = { _tag: 'Authorization', retriable: false, topic: 't', partition: 0 }
      scene.play(({ expectObservable }) => {
        expectObservable(read$).toBe('  10ms r 9ms s 79ms t', { r: '0: x', s: '0: Authorization', t: '0: y' })
        expectObservable(failed$).toBe('20ms f', { f: matching(error) })
        fetcher.fetched$.subscribe(({ _tag }) => _tag === 'Fetched' && fetcher.request(a))
        begin(a)
        scene.at(90, () => fetcher.request(a))
      })
    })

    it('should keep trying while a topic is unknown, with waits that grow', () => {
      const { scene, begin, read$ } = setUp()
      scene.play(({ expectObservable }) => {
        expectObservable(read$).toBe('1520ms r', { r: '0: x' })
        begin(new TopicPartition('later', 0))
        scene.at(1_500, () => {
          scene.kafka.createTopic('later', 1)
          scene.kafka.produce(new TopicPartition('later', 0), batchOf('x'), null)
        })
        const asked = scene.requests('Metadata', () => 'm')
        expectObservable(asked).toBe('m 99ms m 199ms m 399ms m 799ms m')
      })
    })

    it('should report what is gone for request.timeout.ms, as often as it is asked, and read it once it is there', () => {
      const { scene, fetcher, begin, read$, failed$ } = setUp({ config: { requestTimeoutMs: 200 } })
      const third = new TopicPartition('t', 2)
      const gone = matching({ codeName: 'UNKNOWN_TOPIC_OR_PARTITION', retriable: true })
      scene.play(({ expectObservable }) => {
        expectObservable(failed$).toBe('300ms f 499ms f', { f: gone })
        expectObservable(read$).toBe('  300ms f 499ms f 219ms r', { f: '2: Broker', r: '2: x' })
        begin(third)
        scene.at(400, () => fetcher.request(third))
        scene.at(1_000, () => {
          scene.kafka.createPartitions('t', 3)
          scene.write(2, 'x')
          fetcher.request(third)
        })
      })
    })

    it('should not take a leader that moves for a partition that is gone', () => {
      const { scene, begin, read$ } = setUp({ config: { requestTimeoutMs: 50 } })
      scene.write(0, 'x')
      const log = scene.log('t', 0)
      scene.play(({ expectObservable }) => {
        expectObservable(read$).toBe('5530ms r', { r: '0: x' })
        log.available = false
        begin(a)
        scene.at(5_000, () => (log.available = true))
      })
    })

    it('should keep trouble of one partition from the others', () => {
      const { scene, begin, read$ } = setUp({ brokers: 1 })
      scene.write(0, 'x')
      scene.write(1, 'y')
      scene.inject({ api: 'Fetch', partition: 0, times: Infinity }, refusal(78))
      scene.play(({ expectObservable }) => {
        expectObservable(read$).toBe('10ms r', { r: '1: y' })
        begin(a)
        begin(b)
      }, 5_000)
    })
  })

  describe('a topic that was created anew (KIP-516)', () => {
    const recreate = (scene: ClientScene): void => {
      scene.kafka.deleteTopic('t')
      scene.kafka.createTopic('t', 2)
      scene.write(0, 'p')
      scene.write(0, 'q')
    }
    const recreated = { _tag: 'TopicRecreated', retriable: false, topic: 't', partition: 0, offset: 1 }
    const idOf = ({ kafka }: ClientScene): string => kafka.describeTopics()[0]!.topicId!

    it('should be told from the former one while it is read, whatever its offsets and epochs', () => {
      const { scene, fetcher, begin, read$, failed$ } = setUp()
      scene.write(0, 'x')
      const former = idOf(scene)
      scene.play(({ expectObservable }) => {
        expectObservable(fetcher.fetched$.pipe(map(({ _tag }) => _tag))).toBe('10ms r 299ms f 109ms s', {
          ...{ r: 'Fetched', f: 'FetchFailed', s: 'Fetched' },
        })
        expectObservable(failed$).toBe('310ms f', { f: matching(recreated) })
        expectObservable(read$).toBe('  10ms r 299ms f 109ms s', { r: '0: x', f: '0: TopicRecreated', s: '0: p' })
        begin(a)
        scene.at(200, () => {
          recreate(scene)
          fetcher.request(a)
        })
        scene.at(410, () => {
          expect(idOf(scene)).not.toBe(former)
          fetcher.assign(a, 0, { topicId: idOf(scene) })
          fetcher.request(a)
        })
      })
    })

    it('should be told from the one that an offset was stored of', () => {
      const { scene, fetcher, failed$ } = setUp()
      const former = idOf(scene)
      recreate(scene)
      scene.play(({ expectObservable }) => {
        expectObservable(failed$).toBe('310ms f', { f: matching(recreated) })
        scene.at(200, () => {
          fetcher.assign(a, 1, { topicId: former })
          fetcher.request(a)
        })
      })
    })
  })

  describe('a new leader (KIP-320)', () => {
    /** Reads offset 0 of epoch 0; at 200 ms the other broker leads, and more is asked for. */
    const readThenMove = (then: (scene: ClientScene) => void = () => undefined) => {
      const set = setUp()
      const { scene, fetcher, begin } = set
      scene.write(0, 'x')
      scene.write(0, 'y')
      const go = (): void => {
        begin(a)
        scene.at(200, () => {
          scene.log('t', 0).nextLeader(2)
          then(scene)
          fetcher.request(a)
        })
      }
      return { ...set, go }
    }
    const validated = 'OffsetForLeaderEpoch'

    it('should be asked whether its log has what was read, once, and then be read on', () => {
      const { scene, fetcher, read$, epochsAsked, go } = readThenMove()
      scene.play(({ expectObservable }) => {
        expectObservable(read$).toBe('       10ms r 229ms s 169ms t', { r: '0: x', s: '0: y', t: '0: z' })
        go()
        scene.at(400, () => {
          scene.write(0, 'z')
          fetcher.request(a)
        })
        expectObservable(epochsAsked()).toBe('220ms e', { e: '2: 0 epoch 0 of 1' })
      })
    })

    it('should not be asked about an offset that was not read here', () => {
      const { scene, begin, read$, epochsAsked } = setUp()
      scene.write(0, 'x')
      scene.log('t', 0).nextLeader(2)
      scene.play(({ expectObservable }) => {
        expectObservable(read$).toBe('       230ms r', { r: '0: x' })
        scene.at(200, () => begin(a))
        expectObservable(epochsAsked()).toBe('')
      })
    })

    it('should be asked about an offset that was stored with its epoch, whatever the epoch is now', () => {
      const { scene, fetcher, read$, failed$, epochsAsked } = setUp()
      for (const partition of [0, 1]) scene.write(partition, 'x')
      scene.write(0, 'y')
      scene.log('t', 0).truncate(1)
      scene.play(({ expectObservable }) => {
        expectObservable(failed$).toBe('     210ms f', {
          f: matching({ _tag: 'LogTruncated', offset: 2, divergentOffset: 1 }),
        })
        expectObservable(read$).toBe('       210ms f 9ms r', { f: '0: LogTruncated', r: '1: x' })
        scene.at(100, () => scene.cluster.refreshMetadata(['t']).subscribe())
        scene.at(200, () => {
          fetcher.assign(a, 2, { leaderEpoch: 0 })
          fetcher.assign(b, 0, { leaderEpoch: 0 })
          for (const partition of [a, b]) fetcher.request(partition)
        })
        expectObservable(epochsAsked()).toBe('200ms (ef)', { e: '1: 0 epoch 0 of 1', f: '2: 1 epoch 0 of 0' })
      })
    })

    it('should be believed when it has less: what was read is truncated', () => {
      const { scene, begin, read$, failed$, go } = readThenMove((of) => of.log('t', 0).truncate(0))
      scene.play(({ expectObservable }) => {
        const error = { _tag: 'LogTruncated', retriable: false, offset: 1, divergentOffset: 0 }
        expectObservable(failed$).toBe('     230ms f', { f: matching(error) })
        expectObservable(read$).toBe('       10ms r 219ms f 79ms s', { r: '0: x', f: '0: LogTruncated', s: '0: w' })
        go()
        scene.at(300, () => {
          scene.write(0, 'w')
          begin(a, 0)
        })
      })
    })

    it('should be asked again when it cannot tell yet', () => {
      const { scene, read$, epochsAsked, go } = readThenMove()
      scene.inject({ api: validated }, refusal(75))
      scene.inject({ api: validated }, refusal(6))
      scene.play(({ expectObservable }) => {
        expectObservable(read$).toBe('       10ms r 849ms s', { r: '0: x', s: '0: y' })
        go()
        expectObservable(epochsAsked()).toBe('220ms e 209ms e 409ms e', { e: '2: 0 epoch 0 of 1' })
      })
    })

    it('should refuse us, and that is told', () => {
      const { scene, failed$, go } = readThenMove()
      scene.inject({ api: validated }, refusal(29))
      scene.play(({ expectObservable }) => {
        const error = { _tag: 'Authorization', api: validated }
        expectObservable(failed$).toBe('230ms f', { f: matching(error) })
        go()
      })
    })
  })
})
