import { copyBarrier } from '../stream/CheckpointBarrier.js'
import type { CheckpointBarrier, EndOfStream } from '../stream/CheckpointBarrier.js'

/**
 * Which inputs have delivered the barrier of a checkpoint, and the one barrier that they make together. Pure state.
 *
 * 1. The first barrier of a checkpoint begins its alignment. Its input waits from now on, the others flow.
 * 2. An input that is removed counts as delivered, and so does one that is added: it waits too.
 * 3. When all inputs wait, `take` gives the combined barrier, once, and nobody waits any more.
 * 4. `abandon` ends it without a barrier.
 */
export class BarrierAlignment<Input> {
  private readonly inputs = new Set<Input>()
  private readonly waiting = new Set<Input>()
  private barriers: CheckpointBarrier[] = []
  /** Inputs that wait without having delivered the barrier: the stream does not end with it. */
  private joined = 0

  /** The checkpoint being aligned. */
  get checkpointId(): number | undefined {
    return this.barriers[0]?.checkpointId
  }

  add(input: Input): void {
    this.inputs.add(input)
    if (this.checkpointId === undefined) return
    this.waiting.add(input)
    this.joined++
  }

  remove(input: Input): void {
    this.inputs.delete(input)
    this.waiting.delete(input)
  }

  /** Asked for each element. */
  waits(input: Input): boolean {
    return this.waiting.size > 0 && this.waiting.has(input)
  }

  /** All inputs wait: `take` has the barrier. */
  get complete(): boolean {
    return this.barriers.length > 0 && this.waiting.size >= this.inputs.size
  }

  deliver(input: Input, barrier: CheckpointBarrier): void {
    this.barriers.push(barrier)
    this.waiting.add(input)
  }

  take(): CheckpointBarrier | undefined {
    const first = this.barriers[0]
    if (first === undefined || !this.complete) return undefined
    const parts = this.barriers
    const end = this.joined === 0 ? endOf(parts) : undefined
    this.abandon()
    const acknowledge = (): void => {
      for (const part of parts) part.acknowledge()
    }
    return copyBarrier(first, { acknowledge, end })
  }

  abandon(): void {
    this.barriers = []
    this.waiting.clear()
    this.joined = 0
  }
}

/** The end of all inputs: only if all end, and then the one that lets the least follow. */
function endOf(parts: readonly CheckpointBarrier[]): EndOfStream | undefined {
  const ends = new Set(parts.map(({ end }) => end))
  if (ends.has(undefined)) return undefined
  return (['suspend', 'drain', 'finished'] as const).find((end) => ends.has(end))
}
