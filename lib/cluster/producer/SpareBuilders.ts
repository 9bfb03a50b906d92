import type { RecordBatchBuilder } from '../../protocol/RecordBatchBuilder.js'

/**
 * Builders whose batches are acknowledged, with their memory. Shared by the producers of a client, since an exactly-once sink
 * has a new producer for each checkpoint, and memory that is used again is the quickest.
 */
export class SpareBuilders {
  private readonly builders: RecordBatchBuilder[] = []
  private bytes = 0

  /** One for batches of `limit` bytes. */
  take(limit: number): RecordBatchBuilder | undefined {
    const index = this.builders.findLastIndex((builder) => builder.limit === limit)
    if (index < 0) return undefined
    this.bytes -= limit
    return this.builders.splice(index, 1)[0]
  }

  /** Kept, unless there are `maxBytes` of them. */
  give(builder: RecordBatchBuilder, maxBytes: number): void {
    if (this.bytes >= maxBytes) return
    builder.reset()
    this.bytes += builder.limit
    this.builders.push(builder)
  }
}
