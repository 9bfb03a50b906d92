import { describe, expect, it } from '@jest/globals'
import { TopicPartition } from '../../../lib/client/TopicPartition.js'
import { commitByCoordinator } from '../../../lib/cluster/admin/commitByCoordinator.js'
import type { OffsetCommitRequest } from '../../../lib/protocol/requests/offsetCommit.js'
import { ClientScene } from '../support/ClientScene.js'

/** Brokers know t-0 and t-1. A request and its answer take 10 ms. @param codes by partition, request by request; then success */
const sceneOf = (codes: Readonly<Record<string, readonly number[]>>, requestTimeoutMs = 30_000) => {
  let round = 0
  const answer = ({ partitions }: OffsetCommitRequest) => {
    const codeOf = (name: string): number => codes[name]?.[round] ?? 0
    const answers = partitions.map(({ topic, partition }) => ({
      ...{ topic, partition },
      errorCode: codeOf(`${topic}-${partition}`),
    }))
    round++
    return { throttleTimeMs: 0, partitions: answers }
  }
  return new ClientScene({ topics: { t: 2 }, answers: { OffsetCommit: answer }, config: { requestTimeoutMs } })
}

const commit = ({ cluster }: ClientScene, ...names: readonly string[]) =>
  commitByCoordinator(
    cluster,
    'g',
    names.map((name) => [new TopicPartition(name.slice(0, -2), Number(name.slice(-1))), 5] as const),
  )

/** What each request asks for: `t-0 t-1`. */
const asked = (scene: ClientScene) =>
  scene.requests('OffsetCommit', ({ request }) =>
    (request as OffsetCommitRequest).partitions.map(({ topic, partition }) => `${topic}-${partition}`).join(' '),
  )

const refusals = (refused: Readonly<Record<string, object>>) =>
  new Map(Object.entries(refused).map(([name, error]) => [name, expect.objectContaining(error)]))

describe('commitByCoordinator', () => {
  it('should ask again only for what the coordinator does not know yet', () => {
    const scene = sceneOf({ 't-1': [3, 3] })
    scene.play(({ expectObservable }) => {
      expectObservable(asked(scene)).toBe('10ms a 119ms b 219ms b', { a: 't-0 t-1', b: 't-1' })
      expectObservable(commit(scene, 't-0', 't-1')).toBe('360ms (r|)', { r: new Map() })
    })
  })

  it('should refuse at once what metadata does not know either: a topic, a partition', () => {
    const scene = sceneOf({ 'gone-0': [3], 't-2': [3] })
    scene.play(({ expectObservable }) => {
      expectObservable(asked(scene)).toBe('10ms a', { a: 't-0 gone-0 t-2' })
      expectObservable(commit(scene, 't-0', 'gone-0', 't-2')).toBe('30ms (r|)', {
        r: refusals({
          'gone-0': { message: expect.stringContaining('OffsetCommit of gone-0 for group "g"') },
          't-2': { topic: 't', partition: 2 },
        }),
      })
    })
  })

  it('should refuse what is not ours to commit, and commit the others', () => {
    const scene = sceneOf({ 'secret-0': [29] })
    scene.play(({ expectObservable }) => {
      expectObservable(asked(scene)).toBe('10ms a', { a: 'secret-0 t-0' })
      expectObservable(commit(scene, 'secret-0', 't-0')).toBe('20ms (r|)', {
        r: refusals({ 'secret-0': { _tag: 'Authorization', topic: 'secret', partition: 0 } }),
      })
    })
  })

  it('should fail as a whole when the group is refused, and find another coordinator', () => {
    const moved = sceneOf({ 't-0': [16], 't-1': [16] })
    moved.play(({ expectObservable }) => {
      expectObservable(moved.requests('FindCoordinator', () => 'f')).toBe('f 119ms f')
      expectObservable(asked(moved)).toBe('10ms a 119ms a', { a: 't-0 t-1' })
      expectObservable(commit(moved, 't-0', 't-1')).toBe('140ms (r|)', { r: new Map() })
    })
    const refused = sceneOf({ 't-0': [30], 't-1': [30] })
    refused.play(({ expectObservable }) => {
      expectObservable(asked(refused)).toBe('10ms a', { a: 't-0 t-1' })
      const error = expect.objectContaining({ _tag: 'Authorization' })
      expectObservable(commit(refused, 't-0', 't-1')).toBe('20ms #', {}, error)
    })
  })

  it('should not fail for one that stays unknown to the coordinator longer than request.timeout.ms', () => {
    const scene = sceneOf({ 't-1': Array.from({ length: 1000 }, () => 3) }, 1_000)
    scene.play(({ expectObservable }) => {
      expectObservable(asked(scene)).toBe('10ms a 119ms b 219ms b 419ms b', { a: 't-0 t-1', b: 't-1' })
      const unknown = { codeName: 'UNKNOWN_TOPIC_OR_PARTITION', topic: 't', partition: 1 }
      expectObservable(commit(scene, 't-0', 't-1')).toBe('790ms (r|)', { r: refusals({ 't-1': unknown }) })
    })
  })
})
