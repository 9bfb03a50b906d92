import { adminContract } from './adminContract.js'
import { type ContractHarness, ContractScene } from './ContractScene.js'
import { describeTransactionsContract } from './describeTransactionsContract.js'
import { fetcherContract } from './fetcherContract.js'
import { portContract } from './portContract.js'
import { producerContract } from './producerContract.js'
import { producerStatesContract } from './producerStatesContract.js'
import type { TestFramework } from '../TestFramework.js'
import { transactionContract } from './transactionContract.js'

/**
 * The contract of the client port ({@link KafkaClient}), sentence by sentence, as specs: what an adapter must do so that
 * sources and sinks keep their guarantees on it. The in-memory Kafka and the default client pass it.
 *
 * It works on topics, groups and transactional ids of its own, so the cluster may be shared. Two specs wait until
 * a transaction expires, which brokers look for every 10 s; give specs 60 s.
 *
 * @param name of the adapter, for titles
 * @param makeHarness called for each spec: how to connect, and where to
 * @param framework of jest, vitest, or any other with the same words
 *
 * @example
 * ```ts
 * // framework: { afterEach, beforeEach, describe, expect, it } of jest or vitest
 * describeClientContract(
 *   'my client',
 *   () => ({ connect: defaultConnect, bootstrapServers: [{ host: '127.0.0.1', port: 9092 }] }),
 *   framework,
 * )
 * ```
 */
export const describeClientContract = (
  name: string,
  makeHarness: () => ContractHarness,
  framework: TestFramework,
): void => {
  const { afterEach, beforeEach, describe } = framework
  describe(`the client port on ${name}`, () => {
    let current: ContractScene | undefined
    let harness: ContractHarness | undefined
    beforeEach(() => {
      harness = makeHarness()
      current = new ContractScene(harness)
    })
    afterEach(() => current?.end())
    const scene = (): ContractScene => {
      if (current === undefined) throw new Error('A scene exists only within a spec')
      return current
    }
    describe('every call', () => portContract(scene, framework))
    describe('admin', () => adminContract(scene, framework))
    describe('fetcher', () => fetcherContract(scene, framework))
    describe('producer', () => producerContract(scene, framework))
    describe('transactions', () => transactionContract(scene, framework))
    describe('the states of a transactional producer', () => producerStatesContract(scene, framework))
    describe('transactions described', () => describeTransactionsContract(scene, framework))
  })
}
