import { type SchedulerLike, Subscription } from 'rxjs'
import type { ControlElement } from '../stream/StreamElement.js'
import { DeliveryGuarantee } from './DeliveryGuarantee.js'
import type { KafkaSinkConfig } from './KafkaSinkConfig.js'

/** How long a sink waits for the first barrier, in ms: a bounded job may end before, and needs no interval. */
const PATIENCE = 10_000

/** Says that no checkpoint comes by itself, when the coordinator has no interval and the sink rests on checkpoints. */
export class IntervalReminder {
  private timer: Subscription | undefined

  constructor(
    private readonly config: Pick<KafkaSinkConfig<never>, 'client' | 'deliveryGuarantee'>,
    private readonly scheduler: SchedulerLike,
  ) {}

  look(element: ControlElement): void {
    if (element.kind === 'barrier') return this.close()
    const { client, deliveryGuarantee: guarantee } = this.config
    if (element.kind !== 'restored' || element.checkpointing?.interval !== 0) return
    if (guarantee === DeliveryGuarantee.NONE) return
    this.timer = this.scheduler.schedule(
      () => client.logger?.warn(`${withoutInterval} ${consequences[guarantee]}`),
      PATIENCE,
    )
  }

  close(): void {
    this.timer?.unsubscribe()
  }
}

const withoutInterval =
  'The coordinator has no interval, so it takes no checkpoint by itself: set CheckpointCoordinator.create({ interval }) in ms, unless ' +
  'that is what you want.'

const consequences = {
  [DeliveryGuarantee.AT_LEAST_ONCE]:
    'A restart reads and writes again all records since the last trigger() or stopWithSavepoint().',
  [DeliveryGuarantee.EXACTLY_ONCE]:
    'What this EXACTLY_ONCE sink writes stays invisible to read_committed readers until trigger(), stopWithSavepoint() or the end of a ' +
    'bounded source, and the brokers abort it after transaction.timeout.ms.',
}
