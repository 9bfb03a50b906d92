import type { Observable } from 'rxjs'
import type { KafkaError } from './KafkaError.js'
import type { ProducerRecord } from './ProducerRecord.js'

/**
 * Writes records: accumulated into batches by partition, sent by leader, in order under retries.
 *
 * Never an Observable per record: `append` is synchronous, and what it accepted is confirmed by `flush`.
 */
export interface KafkaProducer {
  /**
   * Takes a record. `false` says that `buffer.memory` is used up: the record **is** taken, but the caller must wait for
   * {@link room$} before the next. Takes records before metadata is known. Copies the bytes: buffers may be used again.
   * @throws KafkaError `InvalidRecord` or `RecordTooLarge` (the record is not taken, the producer goes on), or the error with which this producer has failed
   */
  append(record: ProducerRecord): boolean
  /**
   * The partitions of a topic, known as for a record to it: the brokers may create the topic (`auto.create.topics.enable`), and one that
   * is not there is waited for, with a warning, up to `max.block.ms`; then the error is a retriable `DeliveryTimeout`. Kafka's method of
   * this name.
   */
  partitionsFor(topic: string): Observable<readonly number[]>
  /** Hot: emits when there is room again after an `append` that returned false. */
  readonly room$: Observable<void>
  /** Sends what is there without lingering; emits once all records appended before are acknowledged, or errors. */
  flush(): Observable<void>
  /** Hot, replays: the first error that is not mended by a retry. From then on `append` throws and `flush` errors. */
  readonly failed$: Observable<KafkaError>
  /** What was done so far. */
  readonly stats: ProducerStats
  /** Stops at once: what is not acknowledged is given up. Emits once nothing is on its way any more. */
  close(): Observable<void>
}

/** Counts since the producer was made. */
export interface ProducerStats {
  /** records sent, each counted once, however often its batch is sent again */
  readonly recordsSent: number
  /** bytes of the batches sent, compressed; a batch that is sent again counts again */
  readonly bytesSent: number
  /** records acknowledged */
  readonly recordsAcked: number
  /** ms of the last produce request; 0 before the first */
  readonly requestLatencyMs: number
}

/** What identifies a prepared transaction: enough to commit it from another process. */
export interface PreparedTransaction {
  /** `transactional.id` */
  readonly transactionalId: string
  /** What InitProducerId gave for it: 64 bits wide, hence a bigint. */
  readonly producerId: bigint
  /** What InitProducerId gave with it. A later InitProducerId raises it, and fences this producer. */
  readonly epoch: number
}

/**
 * How long in ms an InitProducerId without an answer leaves its id in doubt: by then brokers have carried it out, or dropped it.
 */
export const IN_DOUBT_MS = 30_000

/** What InitProducerId gave. */
export interface InitialisedProducer extends PreparedTransaction {
  /**
   * An earlier InitProducerId of this client for the id was sent, and no answer came. The broker may still carry it out, later than the one
   * that was answered, and fence this producer with it. Who can take another transactional id, does; default: false
   */
  readonly inDoubt?: boolean | undefined
}

/**
 * A producer whose records belong to transactions of one transactional id (KIP-98).
 *
 * `init` → `begin` → `append`… → `flush` → `commit` | `abort` → `begin` …; a call that does not fit the state is an
 * `IllegalState` error that names the state it met.
 */
export interface TransactionalProducer extends KafkaProducer {
  /** `transactional.id` */
  readonly transactionalId: string
  /** InitProducerId: fences former producers of this id and aborts what they left open. Emits the producer id and epoch. */
  init(): Observable<InitialisedProducer>
  /**
   * Opens a transaction; records go to it from now on.
   * `after`: the producer of the transaction before. Per partition, the first batch is held back until all batches of
   * `after` there are acknowledged, so that order survives retries and leader moves.
   */
  begin(options?: { readonly after?: TransactionalProducer }): void
  /** Records appended since `begin`. 0 means that there is nothing to commit (and the broker was never told of it). */
  readonly recordsInTransaction: number
  /**
   * After `flush`: commits. CONCURRENT_TRANSACTIONS, coordinator moves and lost connections are retried with back-off up to
   * `request.timeout.ms`; then the error is retriable and `commit` may be called again.
   */
  commit(): Observable<void>
  /**
   * Gives up what is not sent, waits for what is on its way, and ends the transaction with EndTxn(abort). Retried as `commit` is; after
   * a retriable error `abort` may be called again.
   */
  abort(): Observable<void>
}

/**
 * A transaction that another producer prepared, perhaps in a process that is gone.
 * Never call `init` for its transactional id first: that aborts it.
 */
export interface ResumedTransaction {
  /**
   * EndTxn(commit) with the stored producer id and epoch. Committed before is success as well.
   * Errors: `TransactionLost` (aborted, expired or taken over), not retriable; others by their kind, after back-off.
   */
  commit(): Observable<void>
  /**
   * EndTxn(abort) with the stored producer id and epoch. Aborted before is success as well. Errors are those of `commit`:
   * `TransactionLost` when it was committed, has expired or was taken over.
   */
  abort(): Observable<void>
}
