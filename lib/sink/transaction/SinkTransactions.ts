import type { SchedulerLike } from 'rxjs'
import type { KafkaClient } from '../../client/KafkaClient.js'
import type { Logger } from '../../client/KafkaConfig.js'
import type { TwoPhaseSink } from '../../stream/TwoPhaseCommit.js'
import type { KafkaSinkConfig } from '../KafkaSinkConfig.js'

/** What the transactions of one subtask of a sink are made with. */
export interface SinkTransactions {
  readonly client: KafkaClient
  readonly config: KafkaSinkConfig<never>
  readonly prefix: string
  readonly subtaskIndex: number
  /** the sink's part in the two-phase commit of its job */
  readonly twoPhase: TwoPhaseSink
  readonly scheduler: SchedulerLike
  readonly logger: Logger | undefined
}
