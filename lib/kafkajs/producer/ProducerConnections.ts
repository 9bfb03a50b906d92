import type { KafkaJsConnections } from '../KafkaJsConnections.js'

/** What producers need of the connections: the seam where specs put a fake cluster. */
export type ProducerConnections = Pick<
  KafkaJsConnections,
  | 'brokerError'
  | 'config'
  | 'isClosed'
  | 'metadata'
  | 'leaderOf'
  | 'partitionCount'
  | 'refreshMetadata'
  | 'describeTopics'
  | 'coordinator'
  | 'forgetCoordinator'
  | 'troubles'
  | 'send'
>
