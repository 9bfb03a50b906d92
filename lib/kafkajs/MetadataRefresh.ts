/**
 * When metadata is asked for: one request at a time, shared by all who wait, never about the same topics twice within the
 * back-off.
 *
 * A call that comes while a request is on its way waits for the one after it, since the answer that is on its way may be
 * older than the reason for the call.
 */
export class MetadataRefresh {
  private readonly topics = new Set<string>()
  private readonly asked = new Set<string>()
  private create = false
  private running: Promise<void> | undefined
  private next: Promise<void> | undefined
  private startedAt = -Infinity

  constructor(
    private readonly ask: (topics: readonly string[], create: boolean) => Promise<void>,
    private readonly pause: (ms: number) => Promise<void>,
    private readonly backoffMs: number,
  ) {}

  request(topics: Iterable<string>, create: boolean): Promise<void> {
    for (const topic of topics) this.topics.add(topic)
    this.create ||= create
    this.next ??= this.begin(this.running)
    return this.next
  }

  /** Asks in the background when the last answer is older than this. */
  whenOlderThan(maxAgeMs: number): void {
    if (this.topics.size === 0 || this.running !== undefined || this.next !== undefined) return
    if (performance.now() - this.startedAt < maxAgeMs) return
    this.request([], false).catch(() => {
      // The next look-up asks again.
    })
  }

  private async begin(before: Promise<void> | undefined): Promise<void> {
    await before?.catch(() => {})
    await this.backOff()
    this.next = undefined
    this.startedAt = performance.now()
    this.topics.forEach((topic) => this.asked.add(topic))
    this.running = this.ask([...this.topics], this.create)
    try {
      await this.running
    } finally {
      this.running = undefined
    }
  }

  private backOff(): Promise<void> {
    const waitMs = this.startedAt + this.backoffMs - performance.now()
    const news = [...this.topics].some((topic) => !this.asked.has(topic))
    return news || waitMs <= 0 ? Promise.resolve() : this.pause(waitMs)
  }
}
