/** Kafka's `metrics.sample.window.ms` and `metrics.num.samples`. */
const WINDOW_MS = 30_000
const SAMPLES = 2

interface Sample {
  readonly startedAt: number
  count: number
  sum: number
  max: number
}

/**
 * A quantity over the last half to whole minute: average, maximum and rates, as Kafka's clients have them (`SampledStat`, `Rate`,
 * `Avg`, `Max`), and totals since the beginning. It looks at the clock when something is recorded or read; there is no timer.
 */
export class SampledStat {
  /** how often something was recorded, since the beginning */
  count = 0
  /** the sum of all that was recorded, since the beginning */
  total = 0
  private samples: Sample[] = []

  constructor(private readonly now: () => number) {
    // A rate counts from here.
    this.current()
  }

  record(value: number): void {
    const sample = this.current()
    sample.count += 1
    sample.sum += value
    if (value > sample.max) sample.max = value
    this.count += 1
    this.total += value
  }

  /** The sum per second. */
  get rate(): number {
    return this.perSecond(({ sum }) => sum)
  }

  /** How often something was recorded, per second. */
  get frequency(): number {
    return this.perSecond(({ count }) => count)
  }

  /** `NaN` when there was nothing lately. */
  get average(): number {
    const recent = this.recent()
    return sumOf(recent, ({ sum }) => sum) / sumOf(recent, ({ count }) => count)
  }

  /** `NaN` when there was nothing lately. */
  get max(): number {
    const max = Math.max(...this.recent().map((sample) => sample.max))
    return max === -Infinity ? NaN : max
  }

  private current(): Sample {
    const now = this.now()
    const last = this.samples.at(-1)
    if (last !== undefined && now - last.startedAt < WINDOW_MS) return last
    const sample: Sample = { startedAt: now, count: 0, sum: 0, max: -Infinity }
    this.samples = [...this.samples, sample].slice(-SAMPLES)
    return sample
  }

  private recent(): readonly Sample[] {
    const now = this.now()
    return this.samples.filter(({ startedAt }) => now - startedAt < SAMPLES * WINDOW_MS)
  }

  /** Over at least one full window: a burst in the first second is not told as what happens every second. */
  private perSecond(quantity: (sample: Sample) => number): number {
    const recent = this.recent()
    const elapsed = this.now() - (recent[0]?.startedAt ?? this.now())
    const fullWindows = Math.min(SAMPLES - 1, Math.floor(elapsed / WINDOW_MS))
    return (sumOf(recent, quantity) / (elapsed + (SAMPLES - 1 - fullWindows) * WINDOW_MS)) * 1000
  }
}

const sumOf = (samples: readonly Sample[], quantity: (sample: Sample) => number): number =>
  samples.reduce((sum, sample) => sum + quantity(sample), 0)
