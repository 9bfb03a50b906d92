import { Fifo } from '../stream/Fifo.js'
import type { StreamElement } from '../stream/StreamElement.js'

/** What watermarks are combined by. */
export interface NamedInput {
  readonly id: string
}

/** One input of a merge. */
export class MergeInput<T> implements NamedInput {
  /** What came while it waits for the barrier of the others: at most its two unacknowledged batches. */
  readonly held = new Fifo<StreamElement<T>>()
  completed = false
  /** It has sent the final watermark, so it does not count for the combined one any more. */
  ended = false
  /** Of the control stream of a source: its first splits have been added. */
  splitsKnown = false

  /** @param control it is the control stream of a source: it counts for barriers and the end, not for watermarks */
  constructor(
    readonly id: string,
    readonly control = false,
  ) {}
}

/** The inputs that a merge has, and what they say together about its end. */
export class MergeInputs<T> {
  private readonly streams = new Set<MergeInput<T>>()
  private readonly controls = new Set<MergeInput<T>>()
  /** The last input that has gone had sent the final watermark. */
  private lastHadEnded = false

  add(input: MergeInput<T>): void {
    if (input.control) this.controls.add(input)
    else this.streams.add(input)
  }

  /** It has completed. */
  remove(input: MergeInput<T>): void {
    this.streams.delete(input)
    this.controls.delete(input)
    this.lastHadEnded = input.ended || (input.control && this.lastHadEnded)
  }

  get none(): boolean {
    return this.streams.size === 0 && this.controls.size === 0
  }

  /** Those there are have sent the final watermark; where there are none, none will come. */
  get allHaveEnded(): boolean {
    return this.streams.size > 0 ? allEnded(this.streams) : this.noneWillCome
  }

  /** It has a control stream, and says so there. */
  get sourceHasEnded(): boolean {
    return this.controls.size > 0 && allEnded(this.controls)
  }

  /** There are none, as far as its source knows by now, and others may come. */
  get awaitsOthers(): boolean {
    if (this.noneWillCome || this.streams.size > 0) return false
    for (const { splitsKnown } of this.controls) if (!splitsKnown) return false
    return true
  }

  /** Of inputs that have gone, the source has ended: it says so itself where it is known, and by its last input otherwise. */
  private get noneWillCome(): boolean {
    return this.controls.size > 0 ? this.sourceHasEnded : this.lastHadEnded
  }
}

const allEnded = (inputs: Iterable<MergeInput<unknown>>): boolean => {
  for (const { ended } of inputs) if (!ended) return false
  return true
}
