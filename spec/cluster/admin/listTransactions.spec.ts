import { describe, it } from '@jest/globals'
import { map } from 'rxjs'
import { ClientScene } from '../support/ClientScene.js'

/** Three brokers, each of which coordinates a transaction of its own. A request and its answer take 10 ms. */
const sceneOf = () => {
  const there = [1, 2, 3]
  const answers = {
    Metadata: () => ({
      throttleTimeMs: 0,
      brokers: there.map((nodeId) => ({ nodeId, host: 'memory', port: 9091 + nodeId, rack: null })),
      clusterId: 'memory',
      controllerId: 1,
      topics: [],
    }),
    ListTransactions: (_: never, nodeId: number) => ({
      throttleTimeMs: 0,
      errorCode: 0,
      unknownStates: [],
      transactions: [{ transactionalId: `of broker ${nodeId}`, producerId: 7n, state: 'Ongoing' }],
    }),
  }
  const scene = new ClientScene({ topics: {}, answers })
  const listed$ = scene.from(0, () =>
    scene.admin.listTransactions(['Ongoing']).pipe(map((all) => all.map(({ transactionalId }) => transactionalId))),
  )
  const goes = (nodeId: number): void => {
    there.splice(there.indexOf(nodeId), 1)
  }
  return { scene, listed$, goes }
}

describe('ClusterAdmin.listTransactions', () => {
  it('should ask all brokers, since each lists those that it coordinates', () => {
    const { scene, listed$ } = sceneOf()
    scene.play(({ expectObservable }) => {
      expectObservable(listed$).toBe('10ms (l|)', { l: ['of broker 1', 'of broker 2', 'of broker 3'] })
    })
  })

  it('should not wait for a broker that has left the cluster: it asks anew which there are', () => {
    const { scene, listed$, goes } = sceneOf()
    scene.unreachable.add(3)
    scene.play(({ expectObservable }) => {
      // The cluster notices some seconds after its clients.
      scene.at(2_000, () => goes(3))
      expectObservable(listed$).toBe('3670ms (l|)', { l: ['of broker 1', 'of broker 2'] })
    })
  })
})
