import type { TransactionListing } from '../client/KafkaAdmin.js'
import type { PreparedTransaction } from '../client/KafkaProducer.js'
import { type TopicPartition, topicPartitionKey } from '../client/TopicPartition.js'
import type { TransactionDescription, TransactionState } from '../client/TransactionDescription.js'
import { brokerError } from '../protocol/brokerError.js'
import { ErrorCodes } from '../protocol/errorCodes.js'

/** A producer of transactions as the coordinator knows it, for assertions. */
export interface MemoryTransaction extends TransactionListing {
  readonly epoch: number
  /** partitions that the open transaction has written to, as `topic-partition` */
  readonly partitions: readonly string[]
}

interface Entry {
  readonly transactionalId: string
  producerId: bigint
  epoch: number
  state: TransactionState
  timeoutMs: number
  /** when the open or last transaction began, in ms; undefined in `Empty` */
  startedAt: number | undefined
  /** when an open transaction is aborted, in ms; Infinity without one */
  expiresAt: number
  /** when the state changed last, in ms */
  updatedAt: number
  readonly partitions: Map<string, TopicPartition>
}

export interface TransactionConfig {
  /** `transaction.max.timeout.ms` */
  readonly maxTimeoutMs: number
  /** `transaction.abort.timed.out.transaction.cleanup.interval.ms`; 0: at once */
  readonly abortTimedOutIntervalMs: number
  /** `transactional.id.expiration.ms` */
  readonly idExpirationMs: number
}

/** Writes the marker of an ended transaction to a partition's log, and tells when it is there. */
export type WriteMarker = (
  topicPartition: TopicPartition,
  producer: PreparedTransaction,
  marker: 'commit' | 'abort',
  written: (now: number) => void,
) => void

/**
 * The transaction coordinator (KIP-98), with the answers of Kafka 4.2.0 to clients below EndTxn version 5.
 *
 * - `initProducerId` aborts what is open under the id and bumps the epoch: from then on former producers are fenced. Its
 *   abort takes an epoch of its own.
 * - A transaction that is open longer than its timeout is aborted under the next epoch, so its producer is fenced: when
 *   brokers next look for those, every `transaction.abort.timed.out.transaction.cleanup.interval.ms` (10 s on real ones,
 *   and 0 here, which is at once). Until then it is `Ongoing`, and may still be committed.
 * - An id without an open transaction is forgotten after `transactional.id.expiration.ms` without a change: the next
 *   InitProducerId gives it another producer id, and the former one gets INVALID_PRODUCER_ID_MAPPING.
 * - EndTxn, asked again for how it ended, succeeds again; asked otherwise: INVALID_TXN_STATE; of a fenced or expired
 *   producer: INVALID_PRODUCER_EPOCH; of an unknown producer id: INVALID_PRODUCER_ID_MAPPING.
 *
 * - While markers are being written (`PrepareCommit`, `PrepareAbort`), what would begin or repeat gets CONCURRENT_TRANSACTIONS.
 *   They are written at once, unless a fault of `WriteTxnMarkers` holds them back.
 *
 * It keeps no timer: whoever asks says what time it is, and {@link expire} does what is due. So an open transaction that
 * a crashed client leaves behind does not keep the process alive.
 */
export class MemoryTransactions {
  private readonly entries = new Map<string, Entry>()
  private nextProducerId = 0n

  constructor(
    private readonly config: TransactionConfig,
    private readonly writeMarker: WriteMarker,
  ) {}

  /** A producer id without transactions, for idempotence. */
  newProducerId(): bigint {
    return this.nextProducerId++
  }

  initProducerId(transactionalId: string, timeoutMs: number, now: number): PreparedTransaction {
    if (timeoutMs > this.config.maxTimeoutMs)
      throw this.error(ErrorCodes.INVALID_TRANSACTION_TIMEOUT, 'InitProducerId', transactionalId)
    const known = this.entries.get(transactionalId)
    if (known === undefined) return this.register(transactionalId, timeoutMs, now)
    if (known.state === 'Ongoing') this.fence(known, now)
    this.checkEnded(known, 'InitProducerId')
    known.epoch++
    if (known.epoch >= maxEpoch) {
      known.producerId = this.newProducerId()
      known.epoch = 0
    }
    known.state = 'Empty'
    known.startedAt = undefined
    known.timeoutMs = timeoutMs
    known.updatedAt = now
    return { transactionalId, producerId: known.producerId, epoch: known.epoch }
  }

  /** AddPartitionsToTxn: the first one opens the transaction. */
  addPartitions(producer: PreparedTransaction, partitions: readonly TopicPartition[], now: number): void {
    const entry = this.authorised('AddPartitionsToTxn', producer)
    this.checkEnded(entry, 'AddPartitionsToTxn')
    if (entry.state !== 'Ongoing') {
      entry.state = 'Ongoing'
      entry.startedAt = now
      entry.updatedAt = now
      entry.expiresAt = this.nextLook(now + entry.timeoutMs)
    }
    for (const partition of partitions) entry.partitions.set(topicPartitionKey(partition), partition)
  }

  /** A transactional batch is taken only for an open transaction that the partition was added to (KIP-890). */
  checkOpen(producer: PreparedTransaction, partition: TopicPartition): void {
    const entry = this.authorised('Produce', producer)
    if (entry.state !== 'Ongoing' || !entry.partitions.has(topicPartitionKey(partition))) {
      throw this.error(ErrorCodes.INVALID_TXN_STATE, 'Produce', producer.transactionalId)
    }
  }

  endTransaction(producer: PreparedTransaction, marker: 'commit' | 'abort', now: number): void {
    const entry = this.authorised('EndTxn', producer)
    if (entry.state === 'Ongoing') return this.end(entry, marker, now)
    if (entry.state === preparing[marker]) this.checkEnded(entry, 'EndTxn')
    if (entry.state !== completed[marker])
      throw this.error(ErrorCodes.INVALID_TXN_STATE, 'EndTxn', producer.transactionalId)
  }

  /** Aborts what is open longer than its timeout, and fences its producers; forgets ids that have not been used for long. */
  expire(now: number): void {
    for (const entry of this.entries.values()) {
      if (entry.expiresAt <= now) this.fence(entry, now)
      else if (!isOpen(entry) && now - entry.updatedAt >= this.config.idExpirationMs)
        this.entries.delete(entry.transactionalId)
    }
  }

  /** When {@link expire} will have something to do next; Infinity while nothing is open. */
  get nextExpiry(): number {
    let next = Infinity
    for (const { expiresAt } of this.entries.values()) if (expiresAt < next) next = expiresAt
    return next
  }

  list(): readonly MemoryTransaction[] {
    return [...this.entries.values()].map(({ transactionalId, producerId, epoch, state, partitions }) => ({
      transactionalId,
      producerId,
      epoch,
      state,
      partitions: [...partitions.keys()],
    }))
  }

  /** Ids that are not known are left out. */
  describe(transactionalIds: readonly string[]): ReadonlyMap<string, TransactionDescription> {
    return new Map(
      transactionalIds.flatMap((id) => {
        const entry = this.entries.get(id)
        return entry === undefined ? [] : [[id, describe(entry)]]
      }),
    )
  }

  private register(transactionalId: string, timeoutMs: number, now: number): PreparedTransaction {
    const producerId = this.newProducerId()
    this.entries.set(transactionalId, {
      transactionalId,
      producerId,
      epoch: 0,
      state: 'Empty',
      timeoutMs,
      startedAt: undefined,
      expiresAt: Infinity,
      updatedAt: now,
      partitions: new Map(),
    })
    return { transactionalId, producerId, epoch: 0 }
  }

  private authorised(api: string, { transactionalId, producerId, epoch }: PreparedTransaction): Entry {
    const entry = this.entries.get(transactionalId)
    if (entry === undefined || entry.producerId !== producerId) {
      throw this.error(ErrorCodes.INVALID_PRODUCER_ID_MAPPING, api, transactionalId)
    }
    if (entry.epoch !== epoch)
      throw this.error(fencedBy[api] ?? ErrorCodes.INVALID_PRODUCER_EPOCH, api, transactionalId)
    return entry
  }

  /** Aborts under the next epoch, which the producer that wrote does not have. */
  private fence(entry: Entry, now: number): void {
    entry.epoch++
    this.end(entry, 'abort', now)
  }

  private nextLook(due: number): number {
    const { abortTimedOutIntervalMs: interval } = this.config
    return interval > 0 ? Math.ceil(due / interval) * interval : due
  }

  private end(entry: Entry, marker: 'commit' | 'abort', now: number): void {
    const { transactionalId, producerId, epoch } = entry
    entry.expiresAt = Infinity
    entry.state = preparing[marker]
    entry.updatedAt = now
    for (const [key, partition] of [...entry.partitions])
      this.writeMarker(partition, { transactionalId, producerId, epoch }, marker, (writtenAt) => {
        entry.partitions.delete(key)
        if (entry.partitions.size > 0) return
        entry.state = completed[marker]
        entry.updatedAt = writtenAt
      })
  }

  private checkEnded(entry: Entry, api: string): void {
    if (isEnding(entry)) throw this.error(ErrorCodes.CONCURRENT_TRANSACTIONS, api, entry.transactionalId)
  }

  private error(code: number, api: string, transactionalId: string): Error {
    return brokerError(code, { api, transactionalId })
  }
}

const describe = ({ transactionalId, state, producerId, epoch, ...entry }: Entry): TransactionDescription => ({
  transactionalId,
  state,
  producerId,
  epoch,
  timeoutMs: entry.timeoutMs,
  startTime: entry.startedAt,
  partitions: [...entry.partitions.values()],
})

/** The version of AddPartitionsToTxn that clients speak has a code of its own; the others' have not. */
const fencedBy: Readonly<Record<string, number>> = { AddPartitionsToTxn: ErrorCodes.PRODUCER_FENCED }

const isEnding = ({ state }: Entry): boolean => state === 'PrepareCommit' || state === 'PrepareAbort'
const isOpen = (entry: Entry): boolean => entry.state === 'Ongoing' || isEnding(entry)

const preparing = { commit: 'PrepareCommit', abort: 'PrepareAbort' } as const
const completed = { commit: 'CompleteCommit', abort: 'CompleteAbort' } as const

/** Epochs are 16 bits; the last one is kept for fencing. */
const maxEpoch = 32767
