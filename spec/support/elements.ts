import { NEVER } from 'rxjs'
import type { Observable } from 'rxjs'
import { acknowledgeOnce } from '../../lib/stream/acknowledgeOnce.js'
import { batchEnd } from '../../lib/stream/BatchEnd.js'
import type { BatchEnd } from '../../lib/stream/BatchEnd.js'
import type { CheckpointBarrier, CheckpointOutcome, EndOfStream } from '../../lib/stream/CheckpointBarrier.js'
import type { Restored } from '../../lib/stream/Restored.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { StreamRecord } from '../../lib/stream/StreamRecord.js'
import { Watermark } from '../../lib/stream/Watermark.js'
import { WatermarkStatus } from '../../lib/stream/WatermarkStatus.js'

/** A stream element as a word, so that a marble diagram can be read: `a@1`, `W5`, `idle`, `end of A`, `B7`, `B7 finished`. */
export function show(element: StreamElement<unknown>): string {
  switch (element.kind) {
    case 'record':
      return `${String(element.value)}@${element.timestamp}`
    case 'watermark':
      return `W${element.timestamp}`
    case 'watermarkStatus':
      return element.idle ? 'idle' : 'active'
    case 'batchEnd':
      return 'end'
    case 'barrier':
      return element.end === undefined ? `B${element.checkpointId}` : `B${element.checkpointId} ${element.end}`
    case 'restored':
      return 'R'
  }
}

export const record = <T>(value: T, timestamp = 0): StreamRecord<T> => new StreamRecord(value, timestamp)
export const watermark = (timestamp: number): Watermark => new Watermark(timestamp)
export const idle = new WatermarkStatus(true)
export const active = new WatermarkStatus(false)

/** What the elements of a spec were asked for, in order: `ack A`, `ack B7`, `snapshot B7 uid`, `end requested`. */
export class Upstream {
  readonly calls: string[] = []

  restored(checkpointId?: number): Restored {
    return {
      kind: 'restored',
      checkpointId,
      stateOf: () => undefined,
      statesOf: () => [],
      committedOf: () => [],
      markCommitted: () => NEVER,
      requestEnd: () => {
        this.calls.push('end requested')
      },
    }
  }

  end(batch = 'end'): BatchEnd {
    return batchEnd(() => {
      this.calls.push(`ack ${batch}`)
    }, batch)
  }

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
      snapshot: (uid) => {
        this.calls.push(`snapshot B${checkpointId} ${uid}`)
      },
      acknowledge: acknowledgeOnce(`The barrier of checkpoint ${checkpointId}`, () => {
        this.calls.push(`ack B${checkpointId}${part}`)
      }),
      outcome$,
    }
  }
}
