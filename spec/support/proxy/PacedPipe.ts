import type { Socket } from 'node:net'

/** How bytes travel in one direction. */
export interface Pace {
  /** ms from arrival to departure */
  readonly delayMs?: number
  readonly bytesPerSecond?: number
}

const TICK_MS = 10

/** Bytes on their way to a socket, late or slowly. What comes first leaves first, whatever the pace becomes meanwhile. */
export class PacedPipe {
  private readonly waiting: { bytes: Buffer; readonly dueAt: number }[] = []
  private timer: NodeJS.Timeout | undefined
  private ended = false
  private allowance = 0

  constructor(
    private readonly to: Socket,
    private readonly pace: () => Pace,
  ) {}

  write(bytes: Buffer): void {
    this.waiting.push({ bytes, dueAt: performance.now() + (this.pace().delayMs ?? 0) })
    if (this.timer === undefined) this.pump()
  }

  /** FIN, behind all that is on its way. */
  end(): void {
    this.ended = true
    if (this.timer === undefined) this.pump()
  }

  /** What is on its way is lost. */
  destroy(): void {
    clearTimeout(this.timer)
    this.waiting.length = 0
  }

  private pump(): void {
    this.timer = undefined
    const { bytesPerSecond = Infinity } = this.pace()
    this.allowance = Math.min(this.allowance + (bytesPerSecond * TICK_MS) / 1000, bytesPerSecond)
    for (let head = this.waiting[0]; head !== undefined; head = this.waiting[0]) {
      const waitMs = head.dueAt - performance.now()
      if (waitMs > 0) return this.later(waitMs)
      const now = head.bytes.subarray(0, Math.min(head.bytes.length, Math.ceil(this.allowance)))
      this.allowance -= now.length
      this.to.write(now)
      if (now.length < head.bytes.length) {
        head.bytes = head.bytes.subarray(now.length)
        return this.later(TICK_MS)
      }
      this.waiting.shift()
    }
    if (this.ended) this.to.end()
  }

  private later(ms: number): void {
    this.timer = setTimeout(() => this.pump(), ms)
  }
}
