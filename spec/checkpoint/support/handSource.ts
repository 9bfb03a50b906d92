import { Observable, Subscription, type SchedulerLike } from 'rxjs'
import type { CheckpointCoordinator } from '../../../lib/checkpoint/CheckpointCoordinator.js'
import type { SourceAttempt } from '../../../lib/checkpoint/SourceAttempt.js'
import type { CheckpointBarrier } from '../../../lib/stream/CheckpointBarrier.js'
import { MAX_WATERMARK, Watermark } from '../../../lib/stream/Watermark.js'
import type { StreamElement } from '../../../lib/stream/StreamElement.js'
import { StreamRecord } from '../../../lib/stream/StreamRecord.js'

export interface HandSourceOptions {
  readonly coordinator: CheckpointCoordinator
  readonly scheduler: SchedulerLike
  readonly uid?: string
  readonly subtaskIndex?: number
  readonly parallelism?: number
  /** ms between records */
  readonly every?: number
  /** bounded: how many records there are */
  readonly count?: number
  readonly readyAfter?: number
  /** barriers for each checkpoint: unmerged splits */
  readonly parts?: number
}

/**
 * The numbers 0, 1, 2, … as a source that follows the contract of `SourceAttempt` and does nothing else. Its state is the next
 * number. One loop emits everything; the coordinator only wakes it.
 */
export const handSource = (options: HandSourceOptions): Observable<StreamElement<number>> => {
  const {
    coordinator,
    scheduler,
    uid = 'source',
    subtaskIndex = 0,
    parallelism = 1,
    every = 10,
    count = Infinity,
  } = options
  return new Observable((subscriber) => {
    let attempt: SourceAttempt | undefined
    let next = 0
    let finishing = false
    let ending = false
    let turn: Subscription | undefined
    const work = new Subscription()

    const wake = (): void => {
      turn ??= scheduler.schedule(() => {
        turn = undefined
        answer()
      })
    }
    const finish = (): void => {
      if (finishing) return
      finishing = true
      attempt?.requestFinalCheckpoint()
    }
    const answer = (): void => {
      if (attempt === undefined || ending) return
      for (let request = attempt.pending(); request !== undefined; request = attempt.pending()) {
        const { end } = request
        let last: CheckpointBarrier | undefined
        if (end !== undefined) ending = true
        if (end === 'finished' || end === 'drain') subscriber.next(new Watermark(MAX_WATERMARK))
        for (const barrier of attempt.barriers(request, { next }, options.parts ?? 1)) {
          subscriber.next(barrier)
          last = barrier
        }
        if (end !== undefined) {
          work.add(
            last?.outcome$.subscribe((outcome) => {
              ending = false
              if (outcome._tag === 'completed') subscriber.complete()
              else wake()
            }),
          )
          return
        }
      }
    }
    const emit = (): void => {
      if (ending || finishing) return
      if (next >= count) return finish()
      subscriber.next(new StreamRecord(next, next++))
      answer()
    }
    work.add(
      coordinator.join({ uid, subtaskIndex, parallelism, wake, requestEnd: finish }).subscribe({
        next: (joined) => {
          attempt = joined
          work.add(() => joined.leave())
          work.add(joined.failed$.subscribe((error) => subscriber.error(error)))
          next = (joined.restored.stateOf(uid) as { next: number } | undefined)?.next ?? 0
          subscriber.next(joined.restored)
          const start = (): void => {
            joined.ready()
            work.add(
              scheduler.schedule(function () {
                emit()
                if (!subscriber.closed) this.schedule(undefined, every)
              }, every),
            )
          }
          if (options.readyAfter === undefined) start()
          else work.add(scheduler.schedule(start, options.readyAfter))
        },
        error: (error: unknown) => subscriber.error(error),
      }),
    )
    subscriber.add(() => {
      turn?.unsubscribe()
      work.unsubscribe()
    })
  })
}
