/** A clock in ms that stands still while it is paused, so that a pause does not count as idleness. */
export class PausableClock {
  private pausedAt: number | undefined
  private pausedFor = 0

  constructor(private readonly time: { now(): number }) {}

  get paused(): boolean {
    return this.pausedAt !== undefined
  }

  now(): number {
    return (this.pausedAt ?? this.time.now()) - this.pausedFor
  }

  pause(): void {
    this.pausedAt ??= this.time.now()
  }

  resume(): void {
    if (this.pausedAt === undefined) return
    this.pausedFor += this.time.now() - this.pausedAt
    this.pausedAt = undefined
  }
}
