import type { KafkaApi } from '../../protocol/requests/KafkaApi.js'
import type { Answer, AnyAnswer } from './Answer.js'
import { addPartitionsToTxn } from './addPartitionsToTxn.js'
import { createPartitions } from './createPartitions.js'
import { createTopics } from './createTopics.js'
import { deleteTopics } from './deleteTopics.js'
import { describeConfigs } from './describeConfigs.js'
import { describeProducers } from './describeProducers.js'
import { describeTransactions } from './describeTransactions.js'
import { endTxn } from './endTxn.js'
import { fetch, fetchByName } from './fetch.js'
import { findCoordinator, findCoordinators } from './findCoordinator.js'
import { initProducerId } from './initProducerId.js'
import { listOffsets } from './listOffsets.js'
import { listTransactions } from './listTransactions.js'
import { metadata } from './metadata.js'
import { offsetCommit } from './offsetCommit.js'
import { offsetFetch } from './offsetFetch.js'
import { offsetForLeaderEpoch } from './offsetForLeaderEpoch.js'
import { produce } from './produce.js'

const answers: readonly AnyAnswer[] = [
  ...[metadata, findCoordinator, findCoordinators, describeConfigs],
  ...[createTopics, deleteTopics, createPartitions],
  ...[listOffsets, offsetFetch, offsetCommit],
  ...[fetch, fetchByName, offsetForLeaderEpoch],
  ...[listTransactions, describeTransactions, describeProducers],
  ...[initProducerId, addPartitionsToTxn, endTxn, produce],
]

/** How an API is answered in the version that is asked; undefined: the broker in memory does not speak it. */
export const answerTo = <Q, R>({ apiKey, apiVersion }: KafkaApi<Q, R>): Answer<Q, R> | undefined =>
  answers.find(({ api }) => api.apiKey === apiKey && api.apiVersion === apiVersion) as Answer<Q, R> | undefined
