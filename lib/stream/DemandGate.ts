import { batchEnd } from './BatchEnd.js'
import type { BatchEnd } from './BatchEnd.js'
import { Fifo } from './Fifo.js'

/**
 * Pauses a stream without holding an element back: while it is closed, acknowledgements of batches wait in it, at most
 * two for each split. Batch ends have to pass through `watch`.
 */
export class DemandGate {
  private closed = false
  private readonly waiting = new Fifo<BatchEnd>()

  watch(end: BatchEnd): BatchEnd {
    return batchEnd(() => {
      if (this.closed) this.waiting.push(end)
      else end.acknowledge()
    })
  }

  /** For people, when nothing moves: how many batches wait here. */
  get held(): number {
    return this.waiting.length
  }

  close(): void {
    this.closed = true
  }

  open(): void {
    this.closed = false
    // An acknowledgement may bring about that it is closed again.
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition
    while (!this.closed && this.waiting.length > 0) this.waiting.shift()!.acknowledge()
  }
}
