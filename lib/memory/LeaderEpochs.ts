import type { Offset } from '../client/Offset.js'

/** Where an epoch ends: with the largest epoch of the log that is not above the one asked for. */
export interface EpochEnd {
  readonly epoch: number
  /** the first offset of a later epoch, or the end of the log */
  readonly offset: Offset
}

/** Which leader epochs a log has, and where each began (KIP-101), so that readers can tell a log that lacks what they have read. */
export class LeaderEpochs {
  /** ascending */
  private known: readonly { readonly epoch: number; readonly start: Offset }[] = [{ epoch: 0, start: 0 }]
  /** of the leader there is now */
  current = 0

  /** Another leader takes over, and writes from this offset on. */
  next(start: Offset): void {
    this.current++
    this.known = [...this.known, { epoch: this.current, start }]
  }

  /** What was written from this offset on is gone. */
  truncate(end: Offset): void {
    this.known = this.known.filter(({ start }) => start < end)
  }

  /** Undefined for an epoch that is still to come. */
  endOf(epoch: number, endOfLog: Offset): EpochEnd | undefined {
    if (epoch < 0 || epoch > this.current) return undefined
    const later = this.known.find((one) => one.epoch > epoch)
    const known = this.known.filter((one) => one.epoch <= epoch).at(-1)
    return { epoch: known?.epoch ?? epoch, offset: later?.start ?? endOfLog }
  }
}
