interface Split {
  watermark: number
  idle: boolean
}

/**
 * What the splits of a source say together, written from the rules of Flink's `CombinedWatermarkStatus` alone: the least watermark of
 * those that are not idle, or the highest of all when all are; it never goes back. Idle when all are, and when there is none left.
 */
export class CombinedModel {
  private readonly splits = new Map<string, Split>()
  private watermark = -Infinity
  private idle = false

  constructor(private readonly say: (word: string) => void) {}

  add(name: string): void {
    this.splits.set(name, { watermark: -Infinity, idle: false })
  }

  remove(name: string): void {
    this.splits.delete(name)
  }

  set(name: string, { watermark = -Infinity, idle = false }: { watermark?: number; idle?: boolean }): void {
    const split = this.splits.get(name)!
    split.watermark = Math.max(split.watermark, watermark)
    split.idle = idle
  }

  tell(): void {
    const all = [...this.splits.values()]
    const active = all.filter(({ idle }) => !idle)
    if (active.length > 0) this.setIdle(false)
    const watermarks = (active.length > 0 ? active : all).map(({ watermark }) => watermark)
    const allowed = active.length > 0 ? Math.min(...watermarks) : Math.max(-Infinity, ...watermarks)
    if (allowed > this.watermark) {
      this.setIdle(false)
      this.watermark = allowed
      this.say(`W${allowed}`)
    }
    if (active.length === 0) this.setIdle(true)
  }

  private setIdle(idle: boolean): void {
    if (this.idle !== idle) this.say(idle ? 'idle' : 'active')
    this.idle = idle
  }
}
