/**
 * What ends a round of batches between two records: a request of the coordinator, or that nothing more is to be read.
 *
 * It is asked after each record, so it is two flags in an object of one shape. The state of the reader has a shape in each phase, and V8
 * gives up what it has compiled for one of them when it meets another.
 */
export class RoundGate {
  /** The coordinator may have asked for something. */
  requested = false
  /** Records may be taken. */
  open = false

  constructor(
    private readonly output: { readonly closed: boolean },
    private readonly answer: () => void,
  ) {}

  /** True: no more of this batch. */
  readonly interrupt = (): boolean => {
    if (this.requested) this.answer()
    return !this.open || this.output.closed
  }
}
