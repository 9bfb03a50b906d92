import type { SlowestInput } from './slowestInput.js'
import type { WatermarkHolder, WatermarkHolderObserver } from './WatermarkHolder.js'

/** Follows which input holds a combined watermark back, and since when; tells whenever something of it changes. */
export class WatermarkHolderTracker<Input extends { readonly id: string }> {
  private slowest: SlowestInput<Input> | undefined
  private since = 0
  private told = false

  constructor(
    private readonly find: () => SlowestInput<Input> | undefined,
    private readonly now: () => number,
    private readonly observer?: WatermarkHolderObserver,
  ) {}

  get holder(): WatermarkHolder | undefined {
    if (this.slowest === undefined) return undefined
    const { input, watermark, watermarkWithout } = this.slowest
    return { id: input.id, watermark, since: this.since, watermarkWithout }
  }

  /** Looks again: after watermarks have changed. */
  look(): void {
    const before = this.slowest
    const slowest = this.find()
    this.slowest = slowest
    if (slowest !== undefined && slowest.input !== before?.input) this.since = this.now()
    if (this.told && isSame(before, slowest)) return
    this.told = true
    this.observer?.next(this.holder)
  }
}

function isSame<Input>(one: SlowestInput<Input> | undefined, other: SlowestInput<Input> | undefined): boolean {
  return (
    one?.input === other?.input &&
    one?.watermark === other?.watermark &&
    one?.watermarkWithout === other?.watermarkWithout
  )
}
