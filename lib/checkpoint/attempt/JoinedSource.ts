import { type Observable, ReplaySubject } from 'rxjs'
import type { CheckpointedSource, CheckpointRequest } from '../SourceAttempt.js'

/** A source's standing in an attempt. */
export class JoinedSource {
  readonly failed$: Observable<Error>
  /** it has got its `SourceAttempt` */
  started = false
  /** its starting offsets are resolved */
  ready = false
  /** it was asked for its first checkpoint */
  asked = false
  /** it is done and waits for its last checkpoint */
  finishing = false
  /** its last checkpoint is completed: it may leave */
  ended = false
  readonly requests: CheckpointRequest[] = []
  private readonly failure = new ReplaySubject<Error>(1)

  constructor(readonly source: CheckpointedSource) {
    this.failed$ = this.failure.asObservable()
  }

  ask(request: CheckpointRequest): void {
    this.asked = true
    this.requests.push(request)
    this.source.wake()
  }

  /** Answered, or aborted. */
  withdraw(checkpointId: number): void {
    const index = this.requests.findIndex((request) => request.checkpointId === checkpointId)
    if (index >= 0) this.requests.splice(index, 1)
  }

  fail(error: Error): void {
    this.failure.next(error)
    this.failure.complete()
  }
}
