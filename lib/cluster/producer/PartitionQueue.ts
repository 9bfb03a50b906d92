import type { KafkaError } from '../../client/KafkaError.js'
import type { ProducerBatch } from './ProducerBatch.js'
import type { ProducerIdentity } from './ProducerIdentity.js'
import { advanceSequence } from './sequence.js'

/**
 * The batches of one partition, in order, until they are acknowledged: go-back-N.
 *
 * 1. The first `next` batches are on their way; the others wait. The last one may be open: it still takes records.
 * 2. A batch gets its identity and sequence when it is first sent, and keeps them.
 * 3. After trouble with one batch nothing more is sent until all that is on its way has come back; then everything not
 *    acknowledged is sent again, in order.
 * 4. What is on its way is on its way to one broker. After a move of the leader, the new one gets nothing until the old one
 *    has answered: answers of two brokers have no order.
 * 5. No batch is sent that is `window` or more after the oldest one not acknowledged: brokers know the last five batches of a
 *    producer, and must still know that one when it is sent again, though it may be in the log already.
 * 6. At the beginning, under a new identity, and after trouble, one batch goes alone until one is acknowledged. A broker
 *    that knows nothing of a producer takes any sequence for its first, so a second batch must not overtake a failing first.
 *
 * No record is lost, doubled or overtaken, whatever answers get lost (`spec/cluster/producer/randomFaults.spec.ts`).
 */
export class PartitionQueue {
  open: ProducerBatch | undefined
  /** not before this time; ms */
  retryAt = -Infinity
  /** troubles since the last acknowledgement */
  troubles = 0
  /** the last of them */
  trouble: KafkaError | undefined
  private readonly batches: ProducerBatch[] = []
  private next = 0
  private inFlight = 0
  private destination = -1
  private taken = 0
  private troubled = false
  private proven = false
  private forgetting = false
  private identity: ProducerIdentity | undefined
  private nextSequence = 0

  /** @param window how many batches may be on their way at once: at most 5, as far back as brokers detect duplicates */
  constructor(
    readonly topic: string,
    readonly partition: number,
    private readonly window: number,
  ) {}

  /** Batches not acknowledged, in order. */
  get unacknowledged(): readonly ProducerBatch[] {
    return this.batches
  }

  /** The batch to be sent next. */
  get waiting(): ProducerBatch | undefined {
    return this.batches[this.next]
  }

  /** Nothing forbids to send the next batch but time. */
  get mayGoOn(): boolean {
    const { waiting } = this
    if (waiting === undefined || this.troubled) return false
    if (!this.proven) return this.inFlight === 0
    const first = this.batches[0]!
    return waiting === first || (waiting.order ?? this.taken) - first.order! < this.window
  }

  mayGoTo(nodeId: number): boolean {
    return this.inFlight === 0 || this.destination === nodeId
  }

  /** Adds a batch that takes records. */
  begin(batch: ProducerBatch): void {
    this.batches.push(batch)
    this.open = batch
  }

  /** From now on batches are numbered under this identity, as soon as none of another is left. */
  use(identity: ProducerIdentity): void {
    if (identity === this.identity || this.batches[0]?.identity !== undefined) return
    this.identity = identity
    this.nextSequence = 0
    this.proven = false
  }

  /** The identity is of no more use: once all is back, what is not acknowledged is numbered anew. */
  forgetIdentity(): void {
    this.forgetting = true
    if (this.inFlight === 0) this.rewind()
  }

  /** Takes the next batch to send it to a broker. */
  take(nodeId: number): ProducerBatch {
    this.destination = nodeId
    const batch = this.batches[this.next++]!
    if (batch === this.open) this.open = undefined
    if (this.identity !== undefined && batch.identity !== this.identity) {
      batch.number(this.identity, this.nextSequence)
      this.nextSequence = advanceSequence(this.nextSequence, batch.count)
    }
    batch.order ??= this.taken++
    batch.attempts++
    this.inFlight++
    return batch
  }

  acknowledged(batch: ProducerBatch): void {
    this.remove(batch)
    this.proven = true
    this.troubles = 0
    this.trouble = undefined
    this.landed()
  }

  /** A batch came back without having reached the log, as far as we know. */
  failed(): void {
    this.troubled = true
    this.landed()
  }

  isFirst(batch: ProducerBatch): boolean {
    return this.batches[0] === batch
  }

  /** Puts smaller batches of the same records in the place of one that came back. They share its sequence numbers. */
  replace(batch: ProducerBatch, parts: readonly ProducerBatch[]): void {
    let sequence = batch.baseSequence
    for (const part of parts) {
      if (batch.identity !== undefined) part.number(batch.identity, sequence)
      sequence = advanceSequence(sequence, part.count)
    }
    const index = this.batches.indexOf(batch)
    this.batches.splice(index, 1, ...parts)
    this.next += parts.length - 1
    this.taken += parts.length - 1
    parts.forEach((part, i) => (part.order = batch.order! + i))
    for (const later of this.batches.slice(index + parts.length)) {
      if (later.order !== undefined) later.order += parts.length - 1
    }
  }

  /** Gives up what is not on its way. Returns what was given up. */
  discard(): readonly ProducerBatch[] {
    this.open = undefined
    return this.batches.splice(this.next)
  }

  private remove(batch: ProducerBatch): void {
    this.batches.splice(this.batches.indexOf(batch), 1)
    this.next--
  }

  private landed(): void {
    this.inFlight--
    if (this.troubled && this.inFlight === 0) this.rewind()
  }

  private rewind(): void {
    this.troubled = false
    this.proven = false
    this.next = 0
    if (!this.forgetting) return
    this.forgetting = false
    this.identity = undefined
    for (const batch of this.batches) batch.identity = undefined
  }
}
