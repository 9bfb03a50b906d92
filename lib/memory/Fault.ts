import type { Observable } from 'rxjs'
import { KafkaError } from '../client/KafkaError.js'

/** Kafka's names of what a client asks a broker for. */
export type MemoryApi =
  | 'Metadata'
  | 'CreateTopics'
  | 'DeleteTopics'
  | 'CreatePartitions'
  | 'DescribeConfigs'
  | 'DescribeProducers'
  | 'DescribeTransactions'
  | 'FindCoordinator'
  | 'ListOffsets'
  | 'ListTransactions'
  | 'OffsetCommit'
  | 'OffsetFetch'
  | 'OffsetForLeaderEpoch'
  | 'Fetch'
  | 'Produce'
  | 'InitProducerId'
  | 'AddPartitionsToTxn'
  | 'EndTxn'
  /** among brokers: the markers of a transaction that has ended */
  | 'WriteTxnMarkers'

/**
 * One call of a client, as faults match it and `MemoryKafka.calls$` shows it. `Fetch` and `Produce` are a call for each partition; any other
 * request names its topic and partition when it is about one alone.
 */
export interface MemoryCall {
  readonly api: MemoryApi
  readonly clientId: string
  readonly topic?: string
  readonly partition?: number
  readonly groupId?: string
  readonly transactionalId?: string
}

/**
 * What goes wrong with a call.
 *
 * - `Fail`: it has no effect, and this error is its answer.
 * - `LoseAnswer`: it has its effect, but the connection breaks before the answer. The client tries again, as it would.
 * - `Delay`: effect and answer come `ms` later.
 * - `Hold`: effect and answer come when `until` emits or completes.
 */
export type Fault =
  | { readonly _tag: 'Fail'; readonly error: KafkaError }
  | { readonly _tag: 'LoseAnswer' }
  | { readonly _tag: 'Delay'; readonly ms: number }
  | { readonly _tag: 'Hold'; readonly until: Observable<unknown> }

export const Fault = {
  /**
   * Answers with an error. With `retriable: true` the client tries again by itself.
   * Without an error: the connection breaks before the request arrives, which is retriable.
   */
  fail: (error: KafkaError = connectionLost()): Fault => ({ _tag: 'Fail', error }),
  loseAnswer: (): Fault => ({ _tag: 'LoseAnswer' }),
  delay: (ms: number): Fault => ({ _tag: 'Delay', ms }),
  hold: (until: Observable<unknown>): Fault => ({ _tag: 'Hold', until }),
} as const

/** When a fault happens: at calls with all of these properties, from the `nth` of them on (1, the next), `times` times (1). */
export interface FaultPlan extends Partial<MemoryCall> {
  readonly api: MemoryApi
  readonly nth?: number
  readonly times?: number
}

/** The faults that are still to happen. */
export class Faults {
  private readonly planned = new Set<{ readonly plan: FaultPlan; readonly fault: Fault; seen: number }>()

  /** Returns the way to take it back. */
  add(plan: FaultPlan, fault: Fault): () => void {
    const planned = { plan, fault, seen: 0 }
    this.planned.add(planned)
    return () => this.planned.delete(planned)
  }

  /** The fault of this call, which counts it. */
  next(call: MemoryCall): Fault | undefined {
    for (const planned of this.planned) {
      const { nth = 1, times = 1, ...properties } = planned.plan
      if (!matches(call, properties)) continue
      planned.seen++
      if (planned.seen >= nth + times - 1) this.planned.delete(planned)
      if (planned.seen >= nth) return planned.fault
    }
    return undefined
  }
}

const matches = (call: MemoryCall, properties: Partial<MemoryCall>): boolean =>
  Object.entries(properties).every(([name, value]) => call[name as keyof MemoryCall] === value)

export const connectionLost = (): KafkaError =>
  new KafkaError({
    _tag: 'Connection',
    message: 'The connection to the in-memory Kafka broke before the answer. The request may have had its effect.',
    retriable: true,
  })
