interface Input {
  watermark: number
  idle: boolean
  /** counts for the least watermark: active, and not behind what was said */
  aligned: boolean
}

/** What several streams that become one say of their event time, written from the rules of Flink's `StatusWatermarkValve` alone. */
export class UnionModel {
  private readonly inputs: readonly Input[]
  private watermark = -Infinity
  private idle = false

  constructor(
    inputs: number,
    private readonly say: (word: string) => void,
  ) {
    this.inputs = Array.from({ length: inputs }, () => ({ watermark: -Infinity, idle: false, aligned: true }))
  }

  next(input: number, word: string): void {
    const one = this.inputs[input]!
    if (word === 'idle') this.toIdle(one)
    else if (word === 'active') this.toActive(one)
    else if (word.startsWith('W')) this.toWatermark(one, Number(word.slice(1)))
    else this.say(word)
  }

  private toWatermark(one: Input, timestamp: number): void {
    if (this.idle || one.idle || timestamp <= one.watermark) return
    one.watermark = timestamp
    if (!one.aligned && timestamp >= this.watermark) one.aligned = true
    this.sayLeast()
  }

  private toIdle(one: Input): void {
    if (one.idle) return
    one.idle = true
    one.aligned = false
    if (this.inputs.every(({ idle }) => idle)) {
      this.sayWatermark(Math.max(...this.inputs.map(({ watermark }) => watermark)))
      this.idle = true
      this.say('idle')
    } else if (one.watermark === this.watermark) this.sayLeast()
  }

  private toActive(one: Input): void {
    if (!one.idle) return
    one.idle = false
    if (one.watermark >= this.watermark) one.aligned = true
    if (this.idle) this.say('active')
    this.idle = false
    this.sayLeast()
  }

  private sayLeast(): void {
    const aligned = this.inputs.filter((input) => input.aligned)
    if (aligned.length > 0) this.sayWatermark(Math.min(...aligned.map(({ watermark }) => watermark)))
  }

  private sayWatermark(timestamp: number): void {
    if (timestamp <= this.watermark) return
    this.watermark = timestamp
    this.say(`W${timestamp}`)
  }
}
