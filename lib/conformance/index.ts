// The contract of the client port, for adapters of your own
export { describeClientContract } from './client/describeClientContract.js'
export type { ContractHarness } from './client/ContractScene.js'

// Of any test framework
export type { TestFramework } from './TestFramework.js'
