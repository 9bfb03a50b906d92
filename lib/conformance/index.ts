// The contract of the client port, for adapters of your own
export { describeClientContract } from './client/describeClientContract.js'
export type { ContractHarness } from './client/ContractScene.js'

// The contract of the storage of checkpoints, and of the store above it
export { describeCheckpointStorageContract } from './checkpoint/describeCheckpointStorageContract.js'
export type { CheckpointStoreContractOptions } from './checkpoint/describeCheckpointStoreContract.js'
export { describeCheckpointStoreContract } from './checkpoint/describeCheckpointStoreContract.js'

// Of any test framework
export type { TestFramework } from './TestFramework.js'
