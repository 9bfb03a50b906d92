import type { Observable } from 'rxjs'
import type { KafkaError } from '../client/KafkaError.js'
import { connectionLost } from '../cluster/connectionErrors.js'

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
 * One call of a client, as faults match it and `MemoryKafka.calls$` shows it. `Fetch` and `Produce` are a call for each partition. Any other
 * request names its topic and partition when it is about one alone, and otherwise all its partitions; a fault of a topic or a partition
 * meets it when that is among them.
 */
export interface MemoryCall {
  readonly api: MemoryApi
  readonly clientId: string
  /** the broker that is asked */
  readonly nodeId?: number
  readonly topic?: string
  readonly partition?: number
  readonly partitions?: readonly { readonly topic: string; readonly partition: number }[]
  readonly groupId?: string
  readonly transactionalId?: string
}

/**
 * What goes wrong with a call.
 *
 * - `Fail`: it has no effect, and this error is its answer.
 * - `LoseAnswer`: it has its effect, but this error comes in the place of its answer.
 * - `Delay`: effect and answer come `ms` later.
 * - `Hold`: effect and answer come when `until` emits or completes.
 *
 * An error of the connection (`Connection`, `Timeout`) breaks it: what else is in flight there is lost too. An answer that is delayed or held
 * for longer than `request.timeout.ms` is such an error for its client; the effect comes all the same.
 */
export type Fault =
  | { readonly _tag: 'Fail'; readonly error: KafkaError }
  | { readonly _tag: 'LoseAnswer'; readonly error: KafkaError }
  | { readonly _tag: 'Delay'; readonly ms: number }
  | { readonly _tag: 'Hold'; readonly until: Observable<unknown> }

/**
 * Makes faults for `MemoryKafka.inject`.
 *
 * @example
 * ```ts
 * const kafka = new MemoryKafka({ topics: { flights: 1 } })
 * kafka.inject({ api: 'Produce', topic: 'flights' }, Fault.fail())
 * kafka.inject({ api: 'Fetch', nth: 3, times: 2 }, Fault.delay(500))
 * ```
 */
export const Fault = {
  /**
   * Answers with an error. With `retriable: true` the client tries again by itself.
   * Without an error: the connection breaks before the request arrives, which is retriable.
   */
  fail: (error: KafkaError = broken()): Fault => ({ _tag: 'Fail', error }),
  /**
   * Acts, and answers with an error, such as NOT_ENOUGH_REPLICAS_AFTER_APPEND. Without an error: the connection breaks before the answer,
   * and the client tries again, as it would.
   */
  loseAnswer: (error: KafkaError = broken()): Fault => ({ _tag: 'LoseAnswer', error }),
  /** Effect and answer come `ms` later. */
  delay: (ms: number): Fault => ({ _tag: 'Delay', ms }),
  /** Effect and answer come when `until` emits or completes. */
  hold: (until: Observable<unknown>): Fault => ({ _tag: 'Hold', until }),
} as const

/** When a fault happens: at calls with all of these properties, from the `nth` of them on (1, the next), `times` times (1). */
export interface FaultPlan extends Partial<Omit<MemoryCall, 'partitions'>> {
  /** which request it meets */
  readonly api: MemoryApi
  /** of those that fit, from this one on; default 1 */
  readonly nth?: number
  /** so many of them; default 1 */
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
      if (!matches(call, planned.plan)) continue
      const { nth = 1, times = 1 } = planned.plan
      planned.seen++
      if (planned.seen >= nth + times - 1) this.planned.delete(planned)
      if (planned.seen >= nth) return planned.fault
    }
    return undefined
  }
}

const matches = (call: MemoryCall, { nth: _, times: __, topic, partition, ...properties }: FaultPlan): boolean =>
  Object.entries(properties).every(([name, value]) => call[name as keyof MemoryCall] === value) &&
  ((topic === undefined && partition === undefined) ||
    [call, ...(call.partitions ?? [])].some(
      (place) =>
        (topic === undefined || topic === place.topic) && (partition === undefined || partition === place.partition),
    ))

const broken = (): KafkaError => connectionLost('memory', 'a fault broke it')
