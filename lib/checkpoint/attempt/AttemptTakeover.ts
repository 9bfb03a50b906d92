import type { CheckpointError } from '../CheckpointError.js'
import { sinkLeft } from '../jobErrors.js'
import type { AttemptLedger, FormerHolder, IdBlock } from '../store/AttemptLedger.js'
import { TwoPhaseRecovery } from '../recovery/TwoPhaseRecovery.js'
import type { OpenedAttempt } from './openAttempt.js'

/** Takes over from the attempts before, and sees that the transactions which they left are ended. */
export class AttemptTakeover {
  readonly recovery: TwoPhaseRecovery | undefined
  private readonly ledger: AttemptLedger | undefined
  /** parts of the pipeline that cannot work yet */
  private readonly beginning = new Set<object>()
  /** Those before do no more. */
  private taken = false
  /** No sink will join any more for what was restored. */
  private closed = false
  private settling = false

  constructor(
    { stored: { restored, ledger }, ids, share }: OpenedAttempt,
    private readonly changed: () => void,
  ) {
    this.ledger = ledger
    this.recovery = ledger && new TwoPhaseRecovery({ restored, ledger, ids, share, changed })
  }

  get active(): boolean {
    return this.taken
  }

  /** All parts of the pipeline can work. */
  get able(): boolean {
    return this.beginning.size === 0
  }

  /** Part of the pipeline begins; what is returned says that it can work. */
  partBegins(): () => void {
    const part = {}
    this.beginning.add(part)
    return () => {
      if (this.beginning.delete(part)) this.changed()
    }
  }

  begin(former: readonly FormerHolder[]): void {
    this.taken = true
    this.recovery?.begin(former)
  }

  /**
   * Sinks join as `Restored` passes them, which it has done when all sources are ready.
   *
   * @param soon does it in a turn of its own
   */
  close(soon: (act: () => void) => void): void {
    const { recovery } = this
    if (this.closed || recovery === undefined) return
    this.closed = true
    soon(() => recovery.close())
  }

  /** Tells the store when nothing of the attempts before is open. @param completed this attempt has a checkpoint of its own */
  settle(completed: boolean): void {
    const { recovery, ledger } = this
    // What no sink of this job can end is given up when there is a checkpoint that does not need it.
    if (this.settling || recovery?.settled !== true || !(completed || !recovery.abandons)) return
    this.settling = true
    // What fails now is made up for with the next checkpoint.
    ledger?.settled().subscribe({ error: () => (this.settling = false) })
  }

  /** The numbers that sinks use. */
  get idsInUse(): readonly IdBlock[] {
    return this.recovery?.idsInUse ?? []
  }

  /** Why the attempt cannot go on. */
  get fault(): CheckpointError | undefined {
    const left = this.recovery?.leftUnsettled
    return left && sinkLeft(left)
  }
}
