import { asyncScheduler } from 'rxjs'
import type { KafkaConfig } from '../client/KafkaConfig.js'
import { monotonicClock } from '../scheduling/monotonicClock.js'
import { Troubles } from '../standstill/Troubles.js'
import { lasting } from './lasting.js'
import { StuckPartitions } from './StuckPartitions.js'

/** What does not move between one client and its cluster, each told once for all who wait for it. */
export class ClientTroubles {
  /** brokers to which no connection can be made, by address */
  readonly unreachable: Troubles
  /** what is refused again and again though it may be retried, by API */
  readonly refusals: Troubles
  /** topics to be written that are not there: told at once */
  readonly missingTopics: Troubles
  /** partitions that brokers do not let us read */
  readonly reads: StuckPartitions
  /** partitions that brokers do not let us write */
  readonly writes: StuckPartitions

  constructor({ logger, scheduler = asyncScheduler }: Pick<KafkaConfig, 'logger' | 'scheduler'>) {
    const now = monotonicClock(scheduler)
    this.unreachable = new Troubles(lasting, logger, now)
    this.refusals = new Troubles(lasting, logger, now)
    this.missingTopics = new Troubles({ after: 0 }, logger, now)
    this.reads = new StuckPartitions('read', logger, now)
    this.writes = new StuckPartitions('written', logger, now)
  }
}
