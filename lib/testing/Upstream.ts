import { defer, NEVER, of, Subject } from 'rxjs'
import type { Observable } from 'rxjs'
import { acknowledgeOnce } from '../stream/acknowledgeOnce.js'
import { batchEnd } from '../stream/BatchEnd.js'
import type { BatchEnd } from '../stream/BatchEnd.js'
import type { CheckpointBarrier, CheckpointOutcome, EndOfStream } from '../stream/CheckpointBarrier.js'
import type { Restored } from '../stream/Restored.js'
import { soloTwoPhaseCommit } from './soloTwoPhaseCommit.js'

/**
 * Stands for the source: makes the control elements that can be asked for something, and notes what they were asked for.
 *
 * For specs of operators that keep state or pause their input.
 *
 * @example
 * ```ts
 * const upstream = new Upstream()
 * const barrier = upstream.barrier(7)
 * barrier.snapshot('counts', { AMS: 1 })
 * barrier.acknowledge()
 * console.log(upstream.calls) // ['snapshot B7 counts', 'ack B7']
 * ```
 */
export class Upstream {
  /** In order: `ack end`, `ack B7`, `snapshot B7 uid`, `end requested`, `committed B7 uid ids`, `not committed B7 uid: why`. */
  readonly calls: string[] = []
  /** Hot: the same, as they come: `expectObservable(upstream.calls$).toBe('10ms a', { a: 'ack B7' })`. */
  readonly calls$: Observable<string>
  private readonly noted = new Subject<string>()
  /** The states that were handed over, in order. */
  readonly snapshots: { readonly checkpointId: number; readonly uid: string; readonly state: unknown }[] = []

  constructor() {
    this.calls$ = this.noted.asObservable()
  }

  /**
   * What an attempt starts from: nothing, or a checkpoint with these states, by uid. For an exactly-once sink add what it must know of
   * the checkpoints to come: `{ ...upstream.restored(), checkpointing: { interval: 1000, timeout: 60_000 } }`.
   */
  restored(checkpointId?: number, states: Readonly<Record<string, unknown>> = {}): Restored {
    return {
      kind: 'restored',
      checkpointId,
      twoPhaseCommit: soloTwoPhaseCommit(),
      stateOf: (uid) => states[uid],
      statesOf: (uid) => (uid in states ? [states[uid]] : []),
      committedOf: () => [],
      markCommitted: () => NEVER,
      requestEnd: () => {
        this.note('end requested')
      },
    }
  }

  /** `batch` names it among the calls. */
  end(batch = 'end'): BatchEnd {
    return batchEnd(() => {
      this.note(`ack ${batch}`)
    }, batch)
  }

  /**
   * A barrier of a checkpoint that notes `ack B7` and `snapshot B7 uid` in `calls`.
   *
   * @param end why nothing follows it
   * @param outcome$ what becomes of the checkpoint; never known when left out
   * @param part is added to its name among the calls, to tell barriers of one checkpoint apart
   */
  barrier(
    checkpointId: number,
    end?: EndOfStream,
    outcome$: Observable<CheckpointOutcome> = NEVER,
    part = '',
  ): CheckpointBarrier {
    return {
      kind: 'barrier',
      checkpointId,
      end,
      snapshot: (uid, state) => {
        this.note(`snapshot B${checkpointId} ${uid}`)
        this.snapshots.push({ checkpointId, uid, state })
      },
      acknowledge: acknowledgeOnce(`The barrier of checkpoint ${checkpointId}`, () => {
        this.note(`ack B${checkpointId}${part}`)
      }),
      outcome$,
    }
  }

  /** That checkpoint is complete, for the outcome of a barrier: `upstream.barrier(7, undefined, of(upstream.completed(7)))`. */
  completed(checkpointId: number): Extract<CheckpointOutcome, { _tag: 'completed' }> {
    return {
      _tag: 'completed',
      checkpointId,
      markCommitted: (uid, ids) =>
        defer(() => {
          this.note(`committed B${checkpointId} ${uid} ${ids.join(' ')}`)
          return of(undefined)
        }),
      commitFailed: (uid, error) => {
        this.note(`not committed B${checkpointId} ${uid}: ${error instanceof Error ? error.message : String(error)}`)
      },
    }
  }

  /** That checkpoint is aborted, for the outcome of a barrier. */
  aborted(checkpointId: number, reason = 'aborted by the spec'): CheckpointOutcome {
    return { _tag: 'aborted', checkpointId, reason }
  }

  private note(call: string): void {
    this.calls.push(call)
    this.noted.next(call)
  }
}
