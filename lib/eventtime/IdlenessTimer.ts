/**
 * Tells whether nothing has happened for longer than a timeout. It is looked at on ticks only, so marking activity
 * costs nothing: the first look without activity since the one before starts the countdown. Flink's
 * `WatermarksWithIdleness.IdlenessTimer`.
 */
export class IdlenessTimer {
  private active = false
  private quietSince: number | undefined

  /** @param idleTimeout ms; idle strictly after it */
  constructor(
    private readonly idleTimeout: number,
    private readonly now: () => number,
  ) {}

  activity(): void {
    this.active = true
  }

  checkIfIdle(): boolean {
    if (this.active) {
      this.active = false
      this.quietSince = undefined
      return false
    }
    this.quietSince ??= this.now()
    return this.now() - this.quietSince > this.idleTimeout
  }
}

/** Throws unless a timeout after which something counts as idle is positive. */
export function checkIdleTimeout(idleTimeout: number): number {
  if (typeof idleTimeout !== 'number' || !(idleTimeout > 0))
    throw new RangeError('idleTimeout must be greater than zero')
  return idleTimeout
}
