import { describe, expect, it } from '@jest/globals'
import { map, NEVER, type Observable } from 'rxjs'
import { TopicPartition } from '../../lib/client/TopicPartition.js'
import { Cluster } from '../../lib/cluster/Cluster.js'
import { Fault } from '../../lib/memory/Fault.js'
import { brokerError } from '../../lib/protocol/brokerError.js'
import { ClientScene } from './support/ClientScene.js'

const matching = (error: object): unknown => expect.objectContaining(error)
const t0 = new TopicPartition('t', 0)
const always = { times: Infinity }

// A request and its answer take 10 ms.
describe('the time of a Cluster', () => {
  it('should wait for a cluster that does not answer at the start, with a warning, up to request.timeout.ms', () => {
    const scene = new ClientScene()
    const takeBack = scene.inject({ api: 'Metadata', ...always }, Fault.fail())
    scene.play(({ expectObservable }) => {
      const starting = () => new Cluster(scene.port, scene.config).start()
      expectObservable(scene.requests('Metadata', () => 'm')).toBe('m 109ms m 209ms m 409ms m 809ms m')
      expectObservable(starting()).toBe('1550ms |')
      scene.at(1_500, takeBack)
    })
    expect(scene.warnings).toEqual([
      expect.stringMatching(/^The cluster of bootstrap\.servers \(memory:9092\) does not answer; .*up to 30 s/),
      expect.stringMatching(/^The cluster of bootstrap\.servers \(memory:9092\) answers now, after 2 s/),
    ])
  })

  it('should give up after that, and be closed', () => {
    const scene = new ClientScene()
    scene.inject({ api: 'Metadata', ...always }, Fault.fail())
    scene.play(({ expectObservable }) => {
      const cluster = new Cluster(scene.port, scene.config)
      expectObservable(cluster.start()).toBe('29830ms #', undefined, matching({ _tag: 'Connection', retriable: true }))
      scene.at(29_940, () => expect(cluster.isClosed).toBe(true))
    })
  })

  it('should ask again in the background once metadata is older than metadata.max.age.ms', () => {
    const scene = new ClientScene({ config: { metadataMaxAgeMs: 1_000 } })
    scene.play(({ expectObservable }) => {
      for (const ms of [500, 990, 1_000, 1_005, 1_500, 2_100]) scene.at(ms, () => scene.cluster.leaderOf('t', 0))
      expectObservable(scene.requests('Metadata', () => 'm')).toBe('1s m 1099ms m')
    })
  })

  it('should end pauses, and what is in flight, as soon as it is closed; and refuse what comes then', () => {
    const scene = new ClientScene()
    const { cluster } = scene
    scene.inject({ api: 'Metadata', ...always }, Fault.hold(NEVER))
    scene.play(({ expectObservable }) => {
      const letter = <T>(source$: Observable<T>): Observable<string> => source$.pipe(map(() => 'p'))
      expectObservable(letter(cluster.pause(100))).toBe('100ms (p|)')
      expectObservable(letter(cluster.pause(60_000))).toBe('200ms (p|)')
      const closed = matching({ _tag: 'Connection' })
      expectObservable(cluster.describeTopics(null)).toBe('200ms #', undefined, closed)
      expectObservable(scene.from(200, () => cluster.close())).toBe('200ms |')
      const refused = matching({ _tag: 'Connection', retriable: false })
      expectObservable(scene.from(300, () => cluster.describeTopics(null))).toBe('300ms #', undefined, refused)
      expectObservable(scene.from(300, () => cluster.coordinators.of('group', 'g'))).toBe('300ms #', undefined, refused)
    })
  })

  it('should look for a coordinator again once it is told to, and not before', () => {
    const scene = new ClientScene()
    const { cluster } = scene
    scene.play(({ expectObservable }) => {
      const ask = (ms: number) => scene.from(ms, () => cluster.coordinators.of('group', 'g')).pipe(map(String))
      expectObservable(ask(0)).toBe('  10ms (n|)', { n: '1' })
      expectObservable(ask(100)).toBe('100ms (n|)', { n: '1' })
      scene.at(150, () => cluster.coordinators.forget('group', 'g'))
      expectObservable(ask(200)).toBe('210ms (n|)', { n: '1' })
      expectObservable(scene.requests('FindCoordinator', () => 'f')).toBe('f 199ms f')
    })
  })

  it('should give up a request after request.timeout.ms, or its own time-out', () => {
    const scene = new ClientScene({ config: { requestTimeoutMs: 2_000 } })
    scene.inject({ api: 'Metadata' }, Fault.hold(NEVER))
    scene.play(({ expectObservable }) => {
      expectObservable(scene.cluster.describeTopics(null)).toBe('2s #', undefined, matching({ _tag: 'Timeout' }))
    })
  })
})

describe('what an administrator asks', () => {
  const refusal = (code: number): Fault => Fault.fail(brokerError(code, { api: 'spec' }))

  it('should be asked again of a coordinator that is loading, lost or elsewhere, with back-off', () => {
    const scene = new ClientScene()
    scene.inject({ api: 'OffsetFetch' }, refusal(14))
    scene.inject({ api: 'OffsetFetch' }, Fault.fail())
    scene.inject({ api: 'OffsetFetch' }, refusal(16))
    scene.play(({ expectObservable }) => {
      const offsets = scene.admin.committedOffsets('g', [t0]).pipe(map(({ size }) => String(size)))
      // Each time the coordinator is looked for: 20 ms, and then 100, 200 and 400 ms.
      expectObservable(scene.requests('OffsetFetch', () => 'o')).toBe('10ms o 119ms o 219ms o 419ms o')
      expectObservable(offsets).toBe('780ms (s|)', { s: '0' })
    })
  })

  it('should be given up after request.timeout.ms', () => {
    const scene = new ClientScene()
    scene.inject({ api: 'OffsetFetch', ...always }, refusal(14))
    scene.play(({ expectObservable }) => {
      const error = matching({ code: 14, retriable: true })
      expectObservable(scene.admin.committedOffsets('g', [t0])).toBe('29140ms #', undefined, error)
    })
  })
})
