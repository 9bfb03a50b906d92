import { ok } from 'node:assert/strict'
import { isKafkaError } from '../../lib/client/KafkaError.js'
import { addPartitionsToTxnApi } from '../../lib/protocol/requests/addPartitionsToTxn.js'
import { describeProducersApi } from '../../lib/protocol/requests/describeProducers.js'
import { describeTransactionsApi } from '../../lib/protocol/requests/describeTransactions.js'
import { apiVersionsApi } from '../../lib/protocol/requests/apiVersions.js'
import { createPartitionsApi } from '../../lib/protocol/requests/createPartitions.js'
import { createTopicsApi } from '../../lib/protocol/requests/createTopics.js'
import { deleteTopicsApi } from '../../lib/protocol/requests/deleteTopics.js'
import { describeConfigsApi } from '../../lib/protocol/requests/describeConfigs.js'
import { endTxnApi } from '../../lib/protocol/requests/endTxn.js'
import { fetchApi, type FetchResponse } from '../../lib/protocol/requests/fetch.js'
import { fetchByNameApi } from '../../lib/protocol/requests/fetchByName.js'
import { findCoordinatorApi } from '../../lib/protocol/requests/findCoordinator.js'
import { findCoordinatorsApi } from '../../lib/protocol/requests/findCoordinators.js'
import { initProducerIdApi } from '../../lib/protocol/requests/initProducerId.js'
import type { KafkaApi } from '../../lib/protocol/requests/KafkaApi.js'
import { listOffsetsApi } from '../../lib/protocol/requests/listOffsets.js'
import { listTransactionsApi } from '../../lib/protocol/requests/listTransactions.js'
import { metadataApi } from '../../lib/protocol/requests/metadata.js'
import { metadataWithoutIdsApi } from '../../lib/protocol/requests/metadataWithoutIds.js'
import { offsetCommitApi } from '../../lib/protocol/requests/offsetCommit.js'
import { offsetFetchApi } from '../../lib/protocol/requests/offsetFetch.js'
import { offsetForLeaderEpochApi } from '../../lib/protocol/requests/offsetForLeaderEpoch.js'
import { produceApi } from '../../lib/protocol/requests/produce.js'
import { saslAuthenticateApi } from '../../lib/protocol/requests/saslAuthenticate.js'
import { saslHandshakeApi } from '../../lib/protocol/requests/saslHandshake.js'
import { brokerFetch } from '../protocol/fixtures/brokerFetch.js'
import { javaMessages } from '../protocol/fixtures/javaMessages.js'
import type { FuzzTarget } from './FuzzTarget.js'

/** Every answer the client reads. */
export const apis: readonly KafkaApi<never, object>[] = [
  addPartitionsToTxnApi,
  describeProducersApi,
  describeTransactionsApi,
  apiVersionsApi,
  createPartitionsApi,
  createTopicsApi,
  deleteTopicsApi,
  describeConfigsApi,
  endTxnApi,
  fetchApi,
  fetchByNameApi,
  findCoordinatorApi,
  findCoordinatorsApi,
  initProducerIdApi,
  listOffsetsApi,
  listTransactionsApi,
  metadataApi,
  metadataWithoutIdsApi,
  offsetCommitApi,
  offsetFetchApi,
  offsetForLeaderEpochApi,
  produceApi,
  saslAuthenticateApi,
  saslHandshakeApi,
]

/** One of each kind by its number, of which a second version has one of its own. */
const tagOf = (api: KafkaApi<never, object>): number => api.apiKey + (secondVersions.includes(api) ? SECOND_VERSION : 0)

const SECOND_VERSION = 0x80

const secondVersions: readonly unknown[] = [fetchByNameApi, metadataWithoutIdsApi, findCoordinatorsApi]

/**
 * The answer to a request: UINT8 api key, of a second version 128 more, then the body.
 *
 * What must come of it: a value that is no larger than its bytes allow, or a `Corrupt` error.
 */
export const responsesTarget: FuzzTarget = {
  name: 'responses',
  seeds: () =>
    apis.flatMap((api) => {
      const bodies = [javaAnswer(api), ...(api === fetchByNameApi ? [brokerFetch] : [])]
      // Java does not count the TAG_BUFFER of a flexible header as part of the body.
      const header = Buffer.from(flexible.includes(api) ? [tagOf(api), 0] : [tagOf(api)])
      return bodies.map((body) => Buffer.concat([header, body]))
    }),
  run: (input) => {
    const api = apis.find((candidate) => tagOf(candidate) === input[0])
    if (api === undefined) return
    const body = input.subarray(1)
    try {
      const response = api.decode(body)
      const held = weight(response)
      ok(held <= body.length, `${held} values from ${body.length} bytes`)
      if (api.apiKey === fetchApi.apiKey) expectViews(response as FetchResponse, body)
    } catch (error) {
      if (!isKafkaError(error)) throw error
      ok(error._tag === 'Corrupt' && error.retriable, `a ${error._tag} error`)
      ok(error.message.startsWith(`${api.apiName} response `), `the error does not say of what: ${error.message}`)
    }
  },
}

const flexible: readonly unknown[] = [
  describeProducersApi,
  describeTransactionsApi,
  fetchApi,
  findCoordinatorsApi,
  listTransactionsApi,
  metadataApi,
]

const javaAnswer = (api: KafkaApi<never, object>): Buffer => {
  if (api === fetchByNameApi) return javaMessages.fetchByNameResponse
  if (api === findCoordinatorsApi) return coordinators
  if (api === metadataWithoutIdsApi) return javaMessages.metadataWithoutIdsResponse
  const name = `${api.apiName[0]!.toLowerCase()}${api.apiName.slice(1)}Response`
  return name in javaMessages ? javaMessages[name as keyof typeof javaMessages] : coordinator
}

/** The answer of a broker to FindCoordinator of version 4, about k: node 2 at h:9092. */
const coordinators = Buffer.from('00000000 02 026b 00000002 0268 00002384 0000 00 00 00'.replaceAll(' ', ''), 'hex')

/** The answer of a broker to FindCoordinator: node 2 at h:9092. */
const coordinator = Buffer.from('00000000' + '0000' + 'ffff' + '00000002' + '000168' + '00002384', 'hex')

/** Values that take bytes on the wire, whatever their type: one at least for each. */
const weight = (value: unknown): number => {
  if (Buffer.isBuffer(value)) return value.length
  if (Array.isArray(value)) return value.reduce((sum: number, one: unknown) => sum + weight(one), 0)
  if (value === null || typeof value !== 'object') return 1
  // The topic is written once for all its partitions.
  return Object.entries(value).reduce((sum, [name, one]) => sum + (name === 'topic' ? 0 : weight(one)), 0)
}

/** Records are not copied. */
const expectViews = ({ partitions }: FetchResponse, body: Buffer): void => {
  for (const { records } of partitions) ok(records.buffer === body.buffer, 'records were copied')
}
