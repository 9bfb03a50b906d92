import { isKafkaError } from '../../client/KafkaError.js'
import { IN_DOUBT_MS } from '../../client/KafkaProducer.js'
import { Countdown } from '../../scheduling/Countdown.js'
import type { Step } from '../../scheduling/coroutine.js'
import type { TransactionOwner } from '../../stream/TwoPhaseCommit.js'
import { checkOwner, checkPrepared, type PreparedTransactions } from './checkPrepared.js'
import type { SinkTransactions } from './SinkTransactions.js'
import { becomeOwner } from './takeOwnership.js'

/** How often, in ms, an idle sink looks whether its transactional ids are still its own. */
const CHECK_INTERVAL = 1_000

/**
 * How often, in ms, the id that stands for the ownership is renewed. Brokers forget an id that is not used for
 * `transactional.id.expiration.ms` (7 days by default), and a start that finds it forgotten takes the prefix for unused.
 */
const RENEWAL_INTERVAL = 3_600_000

/** Whose a sink's transactional ids are while it runs: looked at before checkpoints, renewed, and asked about when brokers refuse them. */
export class SinkOwnership {
  /** as the coordinators know this attempt; undefined: not known for a while */
  private owner: TransactionOwner | undefined
  private readonly checked: Countdown
  private readonly renewed: Countdown

  constructor(private readonly sink: SinkTransactions) {
    this.checked = new Countdown(sink.scheduler, () => undefined)
    this.renewed = new Countdown(sink.scheduler, () => undefined)
  }

  /** Who this attempt is to the coordinators from now on. In doubt, it is initialised again as soon as brokers no longer may do so late. */
  set(owner: TransactionOwner | undefined): void {
    this.owner = owner
    this.renewed.start(owner === undefined ? IN_DOUBT_MS : RENEWAL_INTERVAL)
  }

  /** Before a checkpoint rests on these transactions: do they live, and are their ids still this attempt's own? */
  *check(prepared: Omit<PreparedTransactions, 'owner'>): Generator<Step, void> {
    if (prepared.committables.length > 0 || this.checked.over) {
      this.checked.start(CHECK_INTERVAL)
      const { owner } = this
      this.changed(owner, yield* checkPrepared(this.sink, { owner, ...prepared }))
    }
    if (this.renewed.over) yield* this.renew()
  }

  /** Why the brokers no longer accept this sink's transactions: another process may have begun to use their ids. */
  *reasonOf(error: unknown): Generator<Step, unknown> {
    const { owner } = this
    if (owner === undefined || !isKafkaError(error) || !['Fenced', 'TransactionLost'].includes(error._tag)) return error
    try {
      this.changed(owner, yield* checkOwner(this.sink, owner))
      return error
    } catch (reason) {
      return reason
    }
  }

  stop(): void {
    this.checked.stop()
    this.renewed.stop()
  }

  private changed(from: TransactionOwner | undefined, to: TransactionOwner | undefined): void {
    if (to !== from) this.set(to)
  }

  /** Meanwhile no owner is known, so that its change is not taken for that of another job. */
  private *renew(): Generator<Step, void> {
    this.owner = undefined
    this.set(yield* becomeOwner(this.sink))
  }
}
