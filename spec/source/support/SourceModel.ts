import { CombinedModel } from '../../eventtime/support/CombinedModel.js'

/** What makes the watermarks of a split: the highest timestamp less a bound, at ticks or at every record; or nothing. */
export interface ModelStrategy {
  readonly generator: 'periodic' | 'every record' | 'never'
  readonly bound: number
  readonly idleTimeout?: number | undefined
}

interface Split {
  highest: number
  /** it has had a record since the last tick */
  active: boolean
  quietSince: number | undefined
}

/**
 * What a source says of its event time, written from Flink's rules alone, for what the library says to be held against.
 *
 * A split is idle when ticks have seen no record of it for more than the timeout since the first of them
 * (`WatermarksWithIdleness`), until its next record. Idle means no records: active is said before that one.
 */
export class SourceModel {
  private readonly splits = new Map<string, Split>()
  private readonly combined: CombinedModel

  constructor(
    private readonly strategy: ModelStrategy,
    private readonly say: (word: string) => void,
  ) {
    this.combined = new CombinedModel(say)
  }

  add(name: string): void {
    this.splits.set(name, { highest: -Infinity, active: false, quietSince: undefined })
    this.combined.add(name)
    this.combined.tell()
  }

  /** All splits that are there at the start have been added. */
  discovered(): void {
    this.combined.tell()
  }

  drop(name: string): void {
    this.splits.delete(name)
    this.combined.remove(name)
    this.combined.tell()
  }

  record(name: string, timestamp: number, word: string): void {
    this.combined.set(name, { idle: false })
    this.combined.tell()
    this.say(word)
    const split = this.splits.get(name)!
    split.active = true
    split.highest = Math.max(split.highest, timestamp)
    if (this.strategy.generator === 'every record') this.combined.set(name, { watermark: this.watermarkOf(split) })
    this.combined.tell()
  }

  tick(now: number): void {
    const { generator, idleTimeout = Infinity } = this.strategy
    for (const [name, split] of this.splits) {
      if (split.active) split.quietSince = undefined
      else split.quietSince ??= now
      split.active = false
      const idle = split.quietSince !== undefined && now - split.quietSince > idleTimeout
      if (idle) this.combined.set(name, { idle })
      else this.combined.set(name, generator === 'periodic' ? { watermark: this.watermarkOf(split) } : {})
    }
    this.combined.tell()
  }

  private watermarkOf({ highest }: Split): number {
    return highest - this.strategy.bound - 1
  }
}
