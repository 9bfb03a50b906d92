import { Observable, type SchedulerLike, Subscription, timer } from 'rxjs'
import type { CheckpointBarrier } from '../../../lib/stream/CheckpointBarrier.js'
import type { Restored } from '../../../lib/stream/Restored.js'
import type { StreamElement } from '../../../lib/stream/StreamElement.js'

export interface HandSinkOptions {
  readonly scheduler: SchedulerLike
  readonly uid?: string
  /** ms from the barrier to its acknowledgement; Infinity: never */
  readonly acknowledgeAfter?: number
  readonly onRestored?: (restored: Restored) => void
  /** what is handed over instead of the committables */
  readonly snapshot?: (barrier: CheckpointBarrier) => void
}

/** What a sink of two phases has made visible: each transaction is the numbers between two barriers. */
export interface Ledger {
  /** prepared transactions, by id */
  readonly prepared: Map<string, readonly number[]>
  /** what a reader of committed records sees */
  readonly committed: number[]
}

export const ledger = (): Ledger => ({ prepared: new Map(), committed: [] })

interface State {
  readonly pending: readonly string[]
}

/**
 * An exactly-once sink in miniature: prepares at the barrier, hands over every committable not known to be committed, commits
 * on completion and on restore, then marks. It passes the barriers' ids on.
 */
export const handSink =
  (book: Ledger, { scheduler, uid = 'sink', acknowledgeAfter = 0, onRestored, snapshot }: HandSinkOptions) =>
  (elements: Observable<StreamElement<number>>): Observable<string> =>
    new Observable((subscriber) => {
      let open: number[] = []
      let pending: readonly string[] = []
      const work = new Subscription()
      const say = (what: string): void => subscriber.next(what)
      const commit = (ids: readonly string[]): void => {
        for (const id of ids) {
          const records = book.prepared.get(id)
          if (records === undefined) throw new Error(`The transaction ${id} is lost.`)
          if (records.length > 0) book.committed.push(...records)
          book.prepared.set(id, [])
        }
      }
      const mark = (from: Pick<Restored, 'markCommitted'>, ids: readonly string[]): void => {
        work.add(
          from.markCommitted(uid, ids).subscribe({
            next: () => {
              pending = pending.filter((id) => !ids.includes(id))
            },
            error: (error: unknown) => subscriber.error(error),
          }),
        )
      }
      work.add(
        elements.subscribe({
          next: (element) => {
            switch (element.kind) {
              case 'restored': {
                const restored = (element.stateOf(uid) as State | undefined)?.pending ?? []
                pending = restored.filter((id) => !element.committedOf(uid).includes(id))
                commit(pending)
                if (pending.length > 0) mark(element, pending)
                onRestored?.(element)
                say(`restored ${element.checkpointId ?? 'nothing'}`)
                return
              }
              case 'record':
                open.push(element.value)
                return
              case 'watermark':
                say(`watermark ${element.timestamp}`)
                return
              case 'batchEnd':
                element.acknowledge()
                return
              case 'barrier': {
                const id = `${uid}-${element.checkpointId}-${book.prepared.size}`
                if (open.length > 0) {
                  book.prepared.set(id, open)
                  pending = [...pending, id]
                  open = []
                }
                say(`barrier ${element.checkpointId}${element.end === undefined ? '' : ` ${element.end}`}`)
                if (snapshot === undefined) element.snapshot(uid, { pending })
                else snapshot(element)
                const mine = pending
                work.add(
                  element.outcome$.subscribe((outcome) => {
                    say(`${outcome._tag} ${outcome.checkpointId}`)
                    if (outcome._tag === 'aborted' || mine.length === 0) return
                    commit(mine)
                    mark(outcome, mine)
                  }),
                )
                if (acknowledgeAfter === 0) element.acknowledge()
                else if (Number.isFinite(acknowledgeAfter))
                  work.add(timer(acknowledgeAfter, scheduler).subscribe(() => element.acknowledge()))
              }
            }
          },
          error: (error: unknown) => subscriber.error(error),
          complete: () => subscriber.complete(),
        }),
      )
      return work
    })
