import { describe, expect, it } from '@jest/globals'
import { ClusterByPromises } from '../kafkajs/support/ClusterByPromises.js'
import type { KafkaApi } from '../../lib/protocol/requests/KafkaApi.js'
import { lastTransactionalVersions } from '../../lib/protocol/transactionalVersions.js'
import { apis } from '../fuzz/responsesTarget.js'
import { FakeCluster } from '../kafkajs/support/FakeCluster.js'

/** Of the APIs that we speak. */
const transactional = apis.filter(({ apiName }) => apiName in lastTransactionalVersions)

describe('the versions of transactional APIs', () => {
  it('should be asked of all that we speak', () => {
    expect(transactional.map(({ apiName }) => apiName).sort()).toEqual([
      'AddPartitionsToTxn',
      'EndTxn',
      'InitProducerId',
      'Produce',
    ])
  })

  it.each(transactional.map(({ apiName, apiVersion }) => [apiName, apiVersion] as const))(
    'should be of the first protocol of transactions: %s %i',
    (apiName, apiVersion) => {
      expect(apiVersion).toBeLessThanOrEqual(lastTransactionalVersions[apiName] ?? -1)
    },
  )

  it('should not rise with what a broker offers', async () => {
    const cluster = await FakeCluster.start(1, undefined, () => [0, 99])
    const [broker] = cluster.brokers
    const connections = await ClusterByPromises.open(cluster.config())
    for (const api of transactional) {
      const bare = { ...(api as KafkaApi<unknown, unknown>), encode: () => Buffer.alloc(0), decode: () => undefined }
      broker?.on(api.apiKey, () => Buffer.alloc(0))
      await connections.send(0, 'control', bare, {})
      expect(broker?.requests(api.apiKey).map(({ apiVersion }) => apiVersion)).toEqual([api.apiVersion])
    }
    await connections.close()
    await cluster.stop()
  })
})
