import { type Observable, ReplaySubject } from 'rxjs'
import type { CompletedCheckpoint } from '../CompletedCheckpoint.js'

/** The answer to `trigger` or `stopWithSavepoint`: given once, replayed to who subscribes later. */
export class CheckpointTicket {
  readonly result$: Observable<CompletedCheckpoint>
  private readonly result = new ReplaySubject<CompletedCheckpoint>(1)

  constructor() {
    this.result$ = this.result.asObservable()
  }

  static rejected(error: Error): CheckpointTicket {
    const ticket = new CheckpointTicket()
    ticket.reject(error)
    return ticket
  }

  resolve(checkpoint: CompletedCheckpoint): void {
    this.result.next(checkpoint)
    this.result.complete()
  }

  reject(error: Error): void {
    this.result.error(error)
  }
}
