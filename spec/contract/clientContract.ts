import { afterEach, beforeEach, describe } from '@jest/globals'
import { adminContract } from './adminContract.js'
import { type ContractHarness, ContractScene } from './ContractHarness.js'
import { fetcherContract } from './fetcherContract.js'
import { portContract } from './portContract.js'
import { producerContract } from './producerContract.js'
import { transactionContract } from './transactionContract.js'

/**
 * The contract of the client port (`lib/client`), sentence by sentence. Every adapter passes it, so that what a spec shows on
 * the in-memory Kafka holds on a real one.
 *
 * @param makeHarness called for each spec; the cluster may be shared by all of them, and by others
 *
 * @example
 * ```ts
 * describeClientContract('memory', () => ({ connect: new MemoryKafka().connect, bootstrapServers: [] }))
 * ```
 */
export const describeClientContract = (name: string, makeHarness: () => ContractHarness): void => {
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
    describe('every call', () => portContract(scene))
    describe('admin', () => adminContract(scene))
    describe('fetcher', () => fetcherContract(scene))
    describe('producer', () => producerContract(scene))
    describe('transactions', () => transactionContract(scene))
  })
}
