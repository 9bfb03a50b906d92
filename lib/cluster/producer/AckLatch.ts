/**
 * Opens once all it waits for is acknowledged, or is given up as soon as one of that is. Happens once.
 *
 * It holds one count of its own until {@link AckLatch.arm}, so that it does not open while it is set up.
 */
export class AckLatch {
  private remaining = 1

  constructor(
    private readonly open: () => void,
    private readonly givenUp: () => void,
  ) {}

  add(): void {
    this.remaining++
  }

  countDown(): void {
    this.remaining--
    if (this.remaining === 0) this.open()
  }

  arm(): void {
    this.countDown()
  }

  giveUp(): void {
    if (this.remaining <= 0) return
    this.remaining = -Infinity
    this.givenUp()
  }
}
