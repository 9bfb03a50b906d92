import type { RecordRange } from './located.js'
import { copyOfPosition, type RecordPosition } from './RecordPosition.js'

/** Records of a queue that follow each other and are of one split; of none, when it is not known where they were read. */
interface Run {
  readonly first: RecordPosition | undefined
  lastOffset: number
  records: number
}

/** Where the records of a queue were read: nothing is kept for each of them, only where a run of one split begins and ends. */
export class SpanPositions {
  private readonly runs: Run[] = []
  private open: Run | undefined

  add(position: RecordPosition | undefined): void {
    const { open } = this
    if (open !== undefined && open.first?.partition === position?.partition && open.first?.topic === position?.topic) {
      open.records++
      if (position !== undefined) open.lastOffset = position.offset
      return
    }
    const first = copyOfPosition(position)
    this.open = { first, lastOffset: first?.offset ?? -1, records: 1 }
    this.runs.push(this.open)
  }

  /** A span may end here. */
  close(): void {
    this.open = undefined
  }

  /** Takes those of the first records, which end where a span may end. */
  take(records: number): readonly RecordRange[] {
    let taken = 0
    for (let left = records; left > 0 && taken < this.runs.length; taken++) left -= this.runs[taken]!.records
    return this.runs
      .splice(0, taken)
      .flatMap(({ first, lastOffset }) =>
        first === undefined
          ? []
          : [{ topic: first.topic, partition: first.partition, firstOffset: first.offset, lastOffset }],
      )
  }
}
