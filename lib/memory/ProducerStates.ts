import type { ActiveProducer } from '../client/ActiveProducer.js'
import type { Offset } from '../client/Offset.js'
import { brokerError } from '../protocol/brokerError.js'
import { ErrorCodes } from '../protocol/errorCodes.js'

/** Who writes, and the sequence number of the first record (KIP-98). */
export interface BatchWriter {
  readonly producerId: bigint
  readonly epoch: number
  readonly baseSequence: number
}

/** What the log remembers of an idempotent producer. */
interface ProducerState {
  readonly epoch: number
  /** of its last record under this epoch; -1 before the first */
  lastSequence: number
  /** of its last batch or marker, in ms */
  lastTimestamp: number
  /** of who wrote its last marker; there is but one coordinator, of epoch 0 */
  coordinatorEpoch: number | undefined
  /** the last batches by their first sequence number, so that a repeated one is known */
  readonly recent: Map<number, Offset>
}

/** Of how many batches a log knows the sequence. A broker knows five; here more do no harm, since no client counts on them being forgotten. */
const REMEMBERED_BATCHES = 64

/** The idempotent producers of one partition: a repeated batch of one is known, a gap in its sequence and an older epoch are refused. */
export class ProducerStates {
  private readonly states = new Map<bigint, ProducerState>()

  /** @param place of which partition, for errors */
  constructor(private readonly place: { readonly topic: string; readonly partition: number }) {}

  /**
   * Where the batch is in the log already; undefined: it is new, and may be written.
   * @throws KafkaError of an older epoch (fenced) or a gap in the sequence
   */
  repeated({ producerId, epoch, baseSequence }: BatchWriter): Offset | undefined {
    const facts = { api: 'Produce', ...this.place }
    const known = this.states.get(producerId)
    const state = this.under(producerId, epoch)
    if (epoch < state.epoch) throw brokerError(ErrorCodes.INVALID_PRODUCER_EPOCH, facts)
    const offset = state.recent.get(baseSequence)
    // A producer that the log does not know may begin anywhere: retention may have removed its former records.
    const expected = known === undefined ? baseSequence : (state.lastSequence + 1) & 0x7fffffff
    if (baseSequence !== expected && offset === undefined)
      throw brokerError(ErrorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER, facts)
    return offset
  }

  /** @param timestamp the largest of the batch, ms */
  written(
    { producerId, epoch, baseSequence }: BatchWriter,
    records: number,
    baseOffset: Offset,
    timestamp: number,
  ): void {
    const state = this.under(producerId, epoch)
    state.lastSequence = (baseSequence + records - 1) & 0x7fffffff
    state.lastTimestamp = timestamp
    state.recent.set(baseSequence, baseOffset)
    for (const oldest of state.recent.keys()) {
      if (state.recent.size <= REMEMBERED_BATCHES) break
      state.recent.delete(oldest)
    }
    this.states.set(producerId, state)
  }

  /** The coordinator has ended a transaction, perhaps under a newer epoch than the writer's. */
  marked(producerId: bigint, epoch: number, now: number): void {
    const state = this.under(producerId, epoch)
    state.lastTimestamp = now
    state.coordinatorEpoch = 0
    this.states.set(producerId, state)
  }

  active(): readonly Omit<ActiveProducer, 'transactionStartOffset'>[] {
    return [...this.states].map(([producerId, { epoch, lastSequence, lastTimestamp, coordinatorEpoch }]) => ({
      ...{ producerId, epoch, lastSequence, lastTimestamp, coordinatorEpoch },
    }))
  }

  /** A replica that knows nothing of them has become leader. */
  clear(): void {
    this.states.clear()
  }

  /** What is known; with a newer epoch sequences begin anew. */
  private under(producerId: bigint, epoch: number): ProducerState {
    const known = this.states.get(producerId)
    return known === undefined || epoch > known.epoch
      ? { epoch, lastSequence: -1, lastTimestamp: -1, coordinatorEpoch: undefined, recent: new Map() }
      : known
  }
}
