import { NEVER } from 'rxjs'
import type { Observable } from 'rxjs'
import { acknowledgeOnce } from '../stream/acknowledgeOnce.js'
import { batchEnd } from '../stream/BatchEnd.js'
import type { BatchEnd } from '../stream/BatchEnd.js'
import type { CheckpointBarrier, CheckpointOutcome, EndOfStream } from '../stream/CheckpointBarrier.js'
import type { Restored } from '../stream/Restored.js'

/** What an attempt starts from, by hand. */
export interface HandMadeRestored {
  readonly checkpointId?: number | undefined
  /** by uid */
  readonly states?: Readonly<Record<string, unknown>>
}

export interface HandMadeBarrier {
  readonly end?: EndOfStream | undefined
  /** What becomes of the checkpoint; never known when left out. */
  readonly outcome$?: Observable<CheckpointOutcome>
  /** Tells barriers of one checkpoint apart: `ack B7 left`. */
  readonly of?: string
}

/**
 * Stands for the source: makes the control elements that can be asked for something, and notes what they were asked for.
 *
 * For specs of operators that keep state or pause their input:
 *
 * ```ts
 * const upstream = new Upstream()
 * const barrier = upstream.barrier(7)
 * barrier.snapshot('counts', { AMS: 1 })
 * barrier.acknowledge()
 * console.log(upstream.calls) // ['snapshot B7 counts', 'ack B7']
 * ```
 */
export class Upstream {
  /** In order: `ack end`, `ack B7`, `snapshot B7 uid`, `end requested`. */
  readonly calls: string[] = []
  /** The states that were handed over, in order. */
  readonly snapshots: { readonly checkpointId: number; readonly uid: string; readonly state: unknown }[] = []

  restored({ checkpointId, states = {} }: HandMadeRestored = {}): Restored {
    return {
      kind: 'restored',
      checkpointId,
      stateOf: (uid) => states[uid],
      statesOf: (uid) => (uid in states ? [states[uid]] : []),
      committedOf: () => [],
      markCommitted: () => NEVER,
      requestEnd: () => {
        this.calls.push('end requested')
      },
    }
  }

  /** `batch` names it among the calls. */
  end(batch = 'end'): BatchEnd {
    return batchEnd(() => {
      this.calls.push(`ack ${batch}`)
    }, batch)
  }

  barrier(checkpointId: number, { end, outcome$ = NEVER, of }: HandMadeBarrier = {}): CheckpointBarrier {
    const name = of === undefined ? `B${checkpointId}` : `B${checkpointId} ${of}`
    return {
      kind: 'barrier',
      checkpointId,
      end,
      snapshot: (uid, state) => {
        this.calls.push(`snapshot B${checkpointId} ${uid}`)
        this.snapshots.push({ checkpointId, uid, state })
      },
      acknowledge: acknowledgeOnce(`The barrier of checkpoint ${checkpointId}`, () => {
        this.calls.push(`ack ${name}`)
      }),
      outcome$,
    }
  }
}
