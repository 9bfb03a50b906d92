import { ErrorCodes } from './errorCodes.js'

/** What a request must be allowed to do, on what, in the words of `kafka-acls.sh`. */
export interface Right {
  readonly operation: string
  readonly resource: 'Topic' | 'Group' | 'Cluster' | 'TransactionalId'
}

/** The resource that an authorization error is about. */
const resources: Readonly<Record<number, Right['resource']>> = {
  [ErrorCodes.TOPIC_AUTHORIZATION_FAILED]: 'Topic',
  [ErrorCodes.GROUP_AUTHORIZATION_FAILED]: 'Group',
  [ErrorCodes.CLUSTER_AUTHORIZATION_FAILED]: 'Cluster',
  [ErrorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED]: 'TransactionalId',
}

/** Of the APIs that we use: "Operations and Resources on Protocols" in Kafka's documentation of security. */
const operations: Readonly<Record<Right['resource'], Readonly<Record<string, string>>>> = {
  Topic: {
    AddPartitionsToTxn: 'Write',
    CreatePartitions: 'Alter',
    CreateTopics: 'Create',
    DeleteTopics: 'Delete',
    DescribeProducers: 'Read',
    Fetch: 'Read',
    OffsetCommit: 'Read',
    Produce: 'Write',
  },
  Group: { OffsetCommit: 'Read' },
  Cluster: { CreateTopics: 'Create', DescribeConfigs: 'DescribeConfigs', InitProducerId: 'IdempotentWrite' },
  TransactionalId: { AddPartitionsToTxn: 'Write', EndTxn: 'Write', InitProducerId: 'Write', Produce: 'Write' },
}

/** The right that lacks after an authorization error; undefined for other errors. What is not listed describes. */
export const rightOf = (code: number, api: string): Right | undefined => {
  const resource = resources[code]
  return resource === undefined ? undefined : { resource, operation: operations[resource][api] ?? 'Describe' }
}
