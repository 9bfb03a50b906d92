import { describe, expect, it } from '@jest/globals'
import { isKafkaError } from '../../lib/client/KafkaError.js'
import { earliestOffset, latestOffset, offsetForTimestamp } from '../../lib/client/OffsetSpec.js'
import { addPartitionsToTxnApi } from '../../lib/protocol/requests/addPartitionsToTxn.js'
import { describeProducersApi } from '../../lib/protocol/requests/describeProducers.js'
import { describeTransactionsApi } from '../../lib/protocol/requests/describeTransactions.js'
import { apiVersionsApi } from '../../lib/protocol/requests/apiVersions.js'
import { createPartitionsApi } from '../../lib/protocol/requests/createPartitions.js'
import { createTopicsApi } from '../../lib/protocol/requests/createTopics.js'
import { deleteTopicsApi } from '../../lib/protocol/requests/deleteTopics.js'
import { describeConfigsApi } from '../../lib/protocol/requests/describeConfigs.js'
import { endTxnApi } from '../../lib/protocol/requests/endTxn.js'
import { fetchApi } from '../../lib/protocol/requests/fetch.js'
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
import { javaMessages } from './fixtures/javaMessages.js'

const records = Buffer.from([1, 2, 3])
const noRecords = Buffer.alloc(0)
const topic = 'orders'
const topicId = 'ASNFZ4mrze_-3LqYdlQyEA'
const otherId = 'AAAAAAAAAP-AAAAAAAAAAQ'
const transaction = { transactionalId: 'copy-0-1', producerId: 4000n, producerEpoch: 3 }

/** The TAG_BUFFER of a flexible header, which Java does not count as part of the body. */
const flexible = (body: Buffer): Buffer => Buffer.concat([Buffer.alloc(1), body])

const exchange = <Request, Response>(
  api: KafkaApi<Request, Response>,
  request: Request,
  requestBody: Buffer,
  response: Response,
  responseBody: Buffer,
) => ({ api: api as KafkaApi<unknown, unknown>, request, requestBody, response, responseBody })

const exchanges = [
  exchange(
    offsetForLeaderEpochApi,
    {
      partitions: [
        { topic, partition: 0, currentLeaderEpoch: 7, leaderEpoch: 5 },
        { topic, partition: 2, currentLeaderEpoch: -1, leaderEpoch: 0 },
      ],
    },
    javaMessages.offsetForLeaderEpochRequest,
    {
      throttleTimeMs: 4,
      partitions: [
        { topic, partition: 0, errorCode: 0, leaderEpoch: 5, endOffset: 2 ** 40 },
        { topic, partition: 2, errorCode: 74, leaderEpoch: -1, endOffset: -1 },
      ],
    },
    javaMessages.offsetForLeaderEpochResponse,
  ),
  exchange(
    fetchByNameApi,
    {
      maxWaitMs: 500,
      minBytes: 1,
      maxBytes: 1_000_000,
      isolationLevel: 'read_committed',
      partitions: [
        { topic, partition: 0, currentLeaderEpoch: 3, fetchOffset: 2 ** 40, partitionMaxBytes: 262_144 },
        { topic: 'b', partition: 1, currentLeaderEpoch: -1, fetchOffset: 0, partitionMaxBytes: 1 },
        { topic, partition: 2, currentLeaderEpoch: -1, fetchOffset: 7, partitionMaxBytes: 262_144 },
      ],
      forgotten: [{ topic: 'old', partition: 4 }],
      rackId: 'eu',
    },
    javaMessages.fetchByNameRequest,
    {
      throttleTimeMs: 9,
      errorCode: 0,
      sessionId: 77,
      partitions: [
        {
          topic,
          partition: 0,
          errorCode: 0,
          highWatermark: 100,
          lastStableOffset: 90,
          logStartOffset: 5,
          abortedTransactions: [{ producerId: 4000n, firstOffset: 60 }],
          preferredReadReplica: 2,
          records,
        },
        {
          topic,
          partition: 1,
          errorCode: 6,
          highWatermark: -1,
          lastStableOffset: -1,
          logStartOffset: -1,
          abortedTransactions: [],
          preferredReadReplica: -1,
          records: noRecords,
        },
      ],
    },
    javaMessages.fetchByNameResponse,
  ),
  exchange(
    fetchApi,
    {
      maxWaitMs: 500,
      minBytes: 1,
      maxBytes: 1_000_000,
      isolationLevel: 'read_committed',
      partitions: [
        { topic, topicId, partition: 0, currentLeaderEpoch: 3, fetchOffset: 2 ** 40, partitionMaxBytes: 262_144 },
        { topic: 'b', topicId: otherId, partition: 1, currentLeaderEpoch: -1, fetchOffset: 0, partitionMaxBytes: 1 },
        { topic, topicId, partition: 2, currentLeaderEpoch: -1, fetchOffset: 7, partitionMaxBytes: 262_144 },
      ],
      forgotten: [{ topic: 'old', topicId: 'AAAAAAAAAAEAAAAAAAAAAg', partition: 4 }],
      rackId: 'eu',
    },
    flexible(javaMessages.fetchRequest),
    {
      throttleTimeMs: 9,
      errorCode: 0,
      sessionId: 77,
      partitions: [
        {
          topicId,
          partition: 0,
          errorCode: 0,
          highWatermark: 100,
          lastStableOffset: 90,
          logStartOffset: 5,
          abortedTransactions: [{ producerId: 4000n, firstOffset: 60 }],
          preferredReadReplica: 2,
          records,
        },
        {
          topicId,
          partition: 1,
          errorCode: 100,
          highWatermark: -1,
          lastStableOffset: -1,
          logStartOffset: -1,
          abortedTransactions: [],
          preferredReadReplica: -1,
          records: noRecords,
        },
      ],
    },
    flexible(javaMessages.fetchResponse),
  ),
  exchange(
    produceApi,
    {
      transactionalId: 'copy-0-1',
      acks: -1,
      timeoutMs: 30_000,
      partitions: [
        { topic, partition: 0, records },
        { topic, partition: 3, records },
      ],
    },
    javaMessages.produceRequest,
    {
      partitions: [
        {
          topic,
          partition: 0,
          errorCode: 0,
          baseOffset: 42,
          logAppendTimeMs: -1,
          logStartOffset: 3,
          recordErrors: [],
          errorMessage: null,
        },
        {
          topic,
          partition: 1,
          errorCode: 87,
          baseOffset: -1,
          logAppendTimeMs: -1,
          logStartOffset: -1,
          recordErrors: [{ batchIndex: 2, message: 'no key' }],
          errorMessage: 'bad',
        },
      ],
      throttleTimeMs: 4,
    },
    javaMessages.produceResponse,
  ),
  exchange(
    listOffsetsApi,
    {
      isolationLevel: 'read_committed',
      partitions: [
        { topic, partition: 0, currentLeaderEpoch: -1, spec: earliestOffset },
        { topic, partition: 1, currentLeaderEpoch: 4, spec: latestOffset },
        { topic, partition: 2, currentLeaderEpoch: 4, spec: offsetForTimestamp(1_700_000_000_000) },
      ],
    },
    javaMessages.listOffsetsRequest,
    {
      throttleTimeMs: 1,
      partitions: [{ topic, partition: 2, errorCode: 0, timestamp: 1_700_000_000_001, offset: 55, leaderEpoch: 4 }],
    },
    javaMessages.listOffsetsResponse,
  ),
  exchange(
    initProducerIdApi,
    { transactionalId: 'copy-0-1', transactionTimeoutMs: 900_000 },
    javaMessages.initProducerIdRequest,
    { throttleTimeMs: 1, errorCode: 0, producerId: 4000n, producerEpoch: 3 },
    javaMessages.initProducerIdResponse,
  ),
  exchange(
    addPartitionsToTxnApi,
    {
      ...transaction,
      partitions: [
        { topic, partition: 0 },
        { topic, partition: 3 },
      ],
    },
    javaMessages.addPartitionsToTxnRequest,
    { throttleTimeMs: 1, partitions: [{ topic, partition: 3, errorCode: 51 }] },
    javaMessages.addPartitionsToTxnResponse,
  ),
  exchange(
    endTxnApi,
    { ...transaction, committed: true },
    javaMessages.endTxnRequest,
    { throttleTimeMs: 1, errorCode: 47 },
    javaMessages.endTxnResponse,
  ),
  exchange(
    offsetCommitApi,
    {
      groupId: 'g',
      partitions: [
        { topic, partition: 0, offset: 42, leaderEpoch: 3, metadata: 'm' },
        { topic, partition: 1, offset: 1 },
      ],
    },
    javaMessages.offsetCommitRequest,
    { throttleTimeMs: 1, partitions: [{ topic, partition: 0, errorCode: 25 }] },
    javaMessages.offsetCommitResponse,
  ),
  exchange(
    offsetFetchApi,
    {
      groupId: 'g',
      partitions: [
        { topic, partition: 0 },
        { topic, partition: 1 },
      ],
    },
    javaMessages.offsetFetchRequest,
    {
      throttleTimeMs: 1,
      partitions: [{ topic, partition: 0, offset: 42, leaderEpoch: 3, metadata: 'm', errorCode: 0 }],
      errorCode: 0,
    },
    javaMessages.offsetFetchResponse,
  ),
  exchange(
    metadataApi,
    { topics: [topic] },
    flexible(javaMessages.metadataRequest),
    {
      throttleTimeMs: 1,
      brokers: [{ nodeId: 2, host: 'localhost', port: 9092, rack: null }],
      clusterId: 'c',
      controllerId: 2,
      topics: [
        {
          errorCode: 0,
          topic,
          topicId,
          internal: false,
          partitions: [
            {
              errorCode: 0,
              partition: 0,
              leader: 2,
              leaderEpoch: 5,
              replicas: [2, 3],
              inSyncReplicas: [2],
              offlineReplicas: [3],
            },
          ],
        },
        { errorCode: 3, topic: 'gone', topicId: undefined, internal: false, partitions: [] },
      ],
    },
    flexible(javaMessages.metadataResponse),
  ),
  exchange(
    metadataWithoutIdsApi,
    { topics: [topic] },
    javaMessages.metadataWithoutIdsRequest,
    {
      throttleTimeMs: 1,
      brokers: [{ nodeId: 2, host: 'localhost', port: 9092, rack: null }],
      clusterId: 'c',
      controllerId: 2,
      topics: [
        {
          errorCode: 0,
          topic,
          internal: false,
          partitions: [
            {
              errorCode: 0,
              partition: 0,
              leader: 2,
              leaderEpoch: 5,
              replicas: [2, 3],
              inSyncReplicas: [2],
              offlineReplicas: [3],
            },
          ],
        },
        { errorCode: 3, topic: 'gone', internal: false, partitions: [] },
      ],
    },
    javaMessages.metadataWithoutIdsResponse,
  ),
  exchange(
    listTransactionsApi,
    { states: ['Ongoing', 'PrepareCommit'] },
    flexible(javaMessages.listTransactionsRequest),
    {
      throttleTimeMs: 1,
      errorCode: 0,
      unknownStates: ['x'],
      transactions: [{ transactionalId: 'copy-0-1', producerId: 4000n, state: 'Ongoing' }],
    },
    flexible(javaMessages.listTransactionsResponse),
  ),
  exchange(
    describeProducersApi,
    {
      partitions: [
        { topic, partition: 0 },
        { topic: 'b', partition: 1 },
        { topic, partition: 3 },
      ],
    },
    flexible(javaMessages.describeProducersRequest),
    {
      throttleTimeMs: 1,
      partitions: [
        {
          ...{ topic, partition: 0, errorCode: 0, errorMessage: null },
          producers: [
            {
              ...{ producerId: 4000n, producerEpoch: 3, lastSequence: 41, lastTimestampMs: 1_700_000_000_000 },
              ...{ coordinatorEpoch: -1, currentTxnStartOffset: 60 },
            },
            {
              ...{ producerId: 4001n, producerEpoch: 0, lastSequence: 0, lastTimestampMs: 1_700_000_000_001 },
              ...{ coordinatorEpoch: 2, currentTxnStartOffset: -1 },
            },
          ],
        },
        { topic, partition: 3, errorCode: 6, errorMessage: null, producers: [] },
        { topic: 'b', partition: 1, errorCode: 29, errorMessage: 'no', producers: [] },
      ],
    },
    flexible(javaMessages.describeProducersResponse),
  ),
  exchange(
    describeTransactionsApi,
    { transactionalIds: ['copy-0-1', 'copy-0-2'] },
    flexible(javaMessages.describeTransactionsRequest),
    {
      throttleTimeMs: 1,
      transactions: [
        {
          errorCode: 0,
          transactionalId: 'copy-0-1',
          state: 'Ongoing',
          timeoutMs: 900_000,
          startTimeMs: 1_700_000_000_000,
          producerId: 4000n,
          producerEpoch: 3,
          partitions: [
            { topic, partition: 0 },
            { topic, partition: 3 },
            { topic: 'b', partition: 1 },
          ],
        },
        {
          errorCode: 0,
          transactionalId: 'copy-0-2',
          state: 'Empty',
          timeoutMs: 60_000,
          startTimeMs: -1,
          producerId: 4001n,
          producerEpoch: 0,
          partitions: [],
        },
        {
          errorCode: 105,
          transactionalId: 'copy-0-3',
          state: '',
          timeoutMs: 0,
          startTimeMs: 0,
          producerId: 0n,
          producerEpoch: 0,
          partitions: [],
        },
      ],
    },
    flexible(javaMessages.describeTransactionsResponse),
  ),
  exchange(
    findCoordinatorApi,
    { key: 'copy', type: 'group' },
    javaMessages.findCoordinatorRequest,
    { throttleTimeMs: 5, errorCode: 0, errorMessage: null, nodeId: 2, host: 'localhost', port: 9092 },
    javaMessages.findCoordinatorResponse,
  ),
  exchange(
    findCoordinatorsApi,
    { keys: ['copy-0-1', 'copy-0-2'], type: 'transaction' },
    flexible(javaMessages.findCoordinatorsRequest),
    {
      throttleTimeMs: 6,
      coordinators: [
        { key: 'copy-0-1', nodeId: 3, errorCode: 0, errorMessage: null },
        { key: 'copy-0-2', nodeId: -1, errorCode: 15, errorMessage: 'The coordinator is not available.' },
      ],
    },
    flexible(javaMessages.findCoordinatorsResponse),
  ),
  exchange(
    apiVersionsApi,
    undefined,
    javaMessages.apiVersionsRequest,
    {
      errorCode: 0,
      apis: [
        { apiKey: 1, minVersion: 4, maxVersion: 18 },
        { apiKey: 36, minVersion: 0, maxVersion: 2 },
      ],
      throttleTimeMs: 5,
    },
    javaMessages.apiVersionsResponse,
  ),
  exchange(
    saslHandshakeApi,
    { mechanism: 'SCRAM-SHA-256' },
    javaMessages.saslHandshakeRequest,
    { errorCode: 33, mechanisms: ['PLAIN', 'SCRAM-SHA-512'] },
    javaMessages.saslHandshakeResponse,
  ),
  exchange(
    saslAuthenticateApi,
    { authBytes: Buffer.from('\0a\0b') },
    javaMessages.saslAuthenticateRequest,
    { errorCode: 58, errorMessage: 'no', authBytes: Buffer.from([1, 2, 3]), sessionLifetimeMs: 3_600_000 },
    javaMessages.saslAuthenticateResponse,
  ),
  exchange(
    createTopicsApi,
    {
      topics: [
        { topic, partitions: 3, replicationFactor: 2, config: { 'cleanup.policy': 'compact' } },
        { topic: 'b', partitions: 1 },
      ],
      timeoutMs: 30_000,
    },
    javaMessages.createTopicsRequest,
    {
      throttleTimeMs: 1,
      topics: [
        { topic, errorCode: 36, errorMessage: 'is there' },
        { topic: 'b', errorCode: 0, errorMessage: '' },
      ],
    },
    javaMessages.createTopicsResponse,
  ),
  exchange(
    deleteTopicsApi,
    { topics: [topic, 'b'], timeoutMs: 30_000 },
    javaMessages.deleteTopicsRequest,
    {
      throttleTimeMs: 2,
      topics: [
        { topic, errorCode: 3, errorMessage: null },
        { topic: 'b', errorCode: 0, errorMessage: null },
      ],
    },
    javaMessages.deleteTopicsResponse,
  ),
  exchange(
    createPartitionsApi,
    { topics: [{ topic, total: 7 }], timeoutMs: 30_000 },
    javaMessages.createPartitionsRequest,
    { throttleTimeMs: 3, topics: [{ topic, errorCode: 37, errorMessage: 'fewer' }] },
    javaMessages.createPartitionsResponse,
  ),
  exchange(
    describeConfigsApi,
    { nodeId: 2, names: ['transaction.max.timeout.ms'] },
    javaMessages.describeConfigsRequest,
    {
      throttleTimeMs: 4,
      results: [
        {
          errorCode: 0,
          errorMessage: '',
          entries: [
            { name: 'transaction.max.timeout.ms', value: '900000' },
            { name: 'ssl.keystore.key', value: null },
          ],
        },
      ],
    },
    javaMessages.describeConfigsResponse,
  ),
]

const titleOf = ({ api }: (typeof exchanges)[number]) => `${api.apiName}, version ${api.apiVersion}`

describe.each(exchanges.map((exchange) => [titleOf(exchange), exchange] as const))('%s', (_, exchange) => {
  const { api, request, requestBody, response, responseBody } = exchange

  it('should write the request as Java does', () => {
    expect(api.encode(request).toString('hex')).toBe(requestBody.toString('hex'))
  })

  it('should read the response Java writes', () => {
    expect(api.decode(responseBody)).toEqual(response)
  })

  it('should refuse a response that ends early, wherever it ends', () => {
    for (let end = 0; end < responseBody.length - trailing(api.apiName); end++) {
      let error: unknown
      try {
        api.decode(responseBody.subarray(0, end))
      } catch (thrown) {
        error = thrown
      }
      expect(isKafkaError(error) && error._tag).toBe('Corrupt')
    }
  })
})

it('should be sent with the keys that Kafka knows them by, in the versions that Java wrote them in', () => {
  const sent = exchanges.map(({ api }) => `${api.apiKey} ${api.apiName} v${api.apiVersion}`)
  expect([...new Set(sent)].sort((a, b) => parseInt(a) - parseInt(b))).toEqual([
    ...['0 Produce v8', '1 Fetch v11', '1 Fetch v13', '2 ListOffsets v5', '3 Metadata v12', '3 Metadata v8'],
    ...[
      '8 OffsetCommit v7',
      '9 OffsetFetch v5',
      '10 FindCoordinator v2',
      '10 FindCoordinator v4',
      '17 SaslHandshake v1',
      '18 ApiVersions v2',
      '19 CreateTopics v3',
    ],
    ...['20 DeleteTopics v3', '22 InitProducerId v1', '23 OffsetForLeaderEpoch v3', '24 AddPartitionsToTxn v2'],
    ...['26 EndTxn v1', '32 DescribeConfigs v1', '36 SaslAuthenticate v1', '37 CreatePartitions v1'],
    ...['61 DescribeProducers v0', '65 DescribeTransactions v0', '66 ListTransactions v0'],
  ])
})

/** Bytes at a response's end that hold nothing we read. */
const trailing = (apiName: string): number =>
  ({ Metadata: 4, ListTransactions: 1, DescribeProducers: 1, DescribeTransactions: 1 })[apiName] ?? 0

describe('Metadata', () => {
  it('should ask for all topics by null', () => {
    const all = { topics: null }
    expect(metadataWithoutIdsApi.encode(all)).toEqual(javaMessages.metadataWithoutIdsRequestAll)
    expect(metadataApi.encode(all)).toEqual(flexible(javaMessages.metadataRequestAll))
  })
})
