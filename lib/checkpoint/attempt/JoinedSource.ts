import { type Observable, ReplaySubject } from 'rxjs'
import type { CheckpointedSource, CheckpointRequest } from '../SourceAttempt.js'

/** A source's standing in an attempt. */
export class JoinedSource {
  readonly failed$: Observable<Error>
  /** it has got its `SourceAttempt` */
  started = false
  /** its starting offsets are resolved */
  ready = false
  /** when it was asked for its first checkpoint, in ms of the monotonic clock */
  askedAt: number | undefined
  /** there is a checkpoint of this attempt with its state */
  stored = false
  /** it is done and waits for its last checkpoint */
  finishing = false
  /** its last checkpoint is completed: it may leave */
  ended = false
  readonly requests: CheckpointRequest[] = []
  private readonly failure = new ReplaySubject<Error>(1)

  constructor(readonly source: CheckpointedSource) {
    this.failed$ = this.failure.asObservable()
  }

  ask(request: CheckpointRequest, now: number): void {
    this.askedAt ??= now
    this.requests.push(request)
    this.source.wake()
  }

  /** A checkpoint with its state is complete. */
  onStored(): void {
    if (this.stored) return
    this.stored = true
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
