import type { SinkEvent } from '../../lib/index.js'
import { BY_ROUTE, REJECTED } from './topics.js'

/** What a run did, gathered from what its sinks tell. */
export class FlightsReport {
  private readonly committed = new Map<string, number>([
    [BY_ROUTE, 0],
    [REJECTED, 0],
  ])
  private transactions = 0
  private recovered = 0
  private checkpoint = 0
  private checkpoints = 0

  constructor(private readonly startedAt: number) {}

  event(topic: string, event: SinkEvent): void {
    if (event.kind !== 'committed') return
    this.committed.set(topic, (this.committed.get(topic) ?? 0) + event.records)
    this.transactions++
    if (event.recovered) this.recovered++
  }

  checkpointCompleted(checkpointId: number): void {
    this.checkpoint = checkpointId
    this.checkpoints++
  }

  /** One line while it works. */
  progress(now: number, lag: number): string {
    const seconds = Math.max((now - this.startedAt) / 1000, 0.001)
    return (
      `${seconds.toFixed(0).padStart(4)} s  ${this.total} flights committed  ${Math.round(this.total / seconds)}/s  ` +
      `lag ${lag}  checkpoint ${this.checkpoint === 0 ? '-' : this.checkpoint}`
    )
  }

  /** The small table at the end. */
  table(now: number): string {
    const rows: readonly (readonly [string, string | number])[] = [
      [BY_ROUTE, this.committed.get(BY_ROUTE) ?? 0],
      [REJECTED, this.committed.get(REJECTED) ?? 0],
      ['checkpoints completed', this.checkpoints],
      ['last checkpoint', this.checkpoint],
      ['transactions committed', this.transactions],
      ['… of a former run', this.recovered],
      ['seconds', ((now - this.startedAt) / 1000).toFixed(1)],
    ]
    const width = Math.max(...rows.map(([name]) => name.length))
    return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${String(value).padStart(8)}`).join('\n')
  }

  get total(): number {
    return [...this.committed.values()].reduce((sum, records) => sum + records, 0)
  }
}
