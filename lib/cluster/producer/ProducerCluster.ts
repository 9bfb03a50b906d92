import type { Cluster } from '../Cluster.js'

/** What producers need of the cluster. */
export type ProducerCluster = Pick<
  Cluster,
  | 'brokerError'
  | 'config'
  | 'scheduler'
  | 'now'
  | 'random'
  | 'pause'
  | 'isClosed'
  | 'metadata'
  | 'leaderOf'
  | 'partitionCount'
  | 'refreshMetadata'
  | 'describeTopics'
  | 'coordinators'
  | 'troubles'
  | 'unansweredInits'
  | 'send'
>
