import { catchError, forkJoin, map, type Observable, of, switchMap } from 'rxjs'
import type { ActiveProducer } from '../../client/ActiveProducer.js'
import type { KafkaAdmin } from '../../client/KafkaAdmin.js'
import type { TransactionState } from '../../client/TransactionDescription.js'
import { earliest } from '../../standstill/earliest.js'
import type { StandstillCondition } from '../../standstill/StandstillWatch.js'
import { duration, listed } from '../../standstill/words.js'
import type { KafkaPartitionSplitState } from '../split/KafkaPartitionSplitState.js'

/** How long records may lie behind an open transaction before a warning, in ms. Writers with long checkpoints teach the watch to wait longer. */
const PATIENCE = 30_000

/**
 * Records lie behind a transaction that stays open, so a `read_committed` reader gets none of them, and its lag is 0: the last stable
 * offset is where its log ends. The warning names the producer, as its brokers know it.
 */
export const heldBack = (
  splits: () => readonly KafkaPartitionSplitState[],
  admin: () => KafkaAdmin | undefined,
): StandstillCondition => ({
  after: PATIENCE,
  learns: true,
  since: () => earliest(splits().map(({ heldBackSince }) => heldBackSince)),
  message: (ms) => {
    const held = splits().filter(({ heldBackSince }) => heldBackSince !== undefined)
    return openTransactions(held, admin()).pipe(map((holders) => messageOf(held, holders, duration(ms))))
  },
  over: (ms) => `Records that lay behind an open transaction can be read, after ${duration(ms)}.`,
})

/** A producer whose transaction is open in a partition. */
interface Holder {
  readonly producer: ActiveProducer
  readonly name: string
  /** of its transaction, at the coordinator; undefined where that may not be read */
  readonly state: TransactionState | undefined
}

const messageOf = (held: readonly KafkaPartitionSplitState[], holders: readonly Holder[], time: string): string => {
  const offsets = held.map(
    (split) => `${split.key} from offset ${split.position}, ${split.lastStableOffsetLag} offsets`,
  )
  return (
    `Records lie behind an open transaction for ${time}, and isolation.level=read_committed does not read them: ${listed(offsets)}. ` +
    (holders.length === 0 ? '' : `It is held open by ${listed(holders.map(({ name }) => name))}. `) +
    wayOut(holders.filter(isOver))
  )
}

const wayOut = (over: readonly Holder[]): string =>
  over.length === 0
    ? 'They can be read when that producer commits or aborts, or when its transaction.timeout.ms is over. A transaction that hangs is ' +
      'aborted with kafka-transactions.sh abort.'
    : `This does not pass: the coordinator has ended it (${listed(over.map(({ name, state }) => `${name}: ${state}`))}), and its marker is missing ` +
      'here. Kafka 4.4.0 leaves it out where a partition has no leader at that moment. kafka-transactions.sh abort lets readers go on. It ' +
      'drops the records of the transaction in this partition: where they were committed, copy them first (isolation.level=read_uncommitted).'

/** The same transaction: its producer may have begun another one meanwhile. */
const isStillOpen = ({ producer }: Holder, found: ReadonlyMap<bigint, ActiveProducer>): boolean =>
  found.get(producer.producerId)?.transactionStartOffset === producer.transactionStartOffset

/** Markers are written before a coordinator says so: none will come any more. */
const isOver = ({ state }: Holder): boolean => state === 'CompleteCommit' || state === 'CompleteAbort'

/** Who holds these partitions open, for people. Empty when the brokers do not say: the warning is worth more than the name. */
const openTransactions = (
  held: readonly KafkaPartitionSplitState[],
  admin: KafkaAdmin | undefined,
): Observable<readonly Holder[]> => {
  if (admin === undefined || held.length === 0) return of([])
  const oldest$ = admin
    .describeProducers(held.map(({ topicPartition }) => topicPartition))
    .pipe(map((producers) => new Map(held.flatMap((split) => oldest(producers.get(split.key))))))
  return oldest$.pipe(
    switchMap((found) =>
      found.size === 0 ? of([]) : forkJoin([...found.values()].map((producer) => holderOf(producer, admin))),
    ),
    // It may have ended between the two questions: then its marker is there by now.
    switchMap((holders) =>
      holders.some(isOver)
        ? oldest$.pipe(map((found) => holders.filter((holder) => !isOver(holder) || isStillOpen(holder, found))))
        : of(holders),
    ),
    catchError(() => of([])),
  )
}

const startOf = ({ transactionStartOffset = Infinity }: ActiveProducer): number => transactionStartOffset

/** The one whose transaction began first holds the last stable offset. */
const oldest = (producers: readonly ActiveProducer[] = []): readonly (readonly [bigint, ActiveProducer])[] =>
  producers
    .filter((producer) => startOf(producer) < Infinity)
    .sort((a, b) => startOf(a) - startOf(b))
    .slice(0, 1)
    .map((producer) => [producer.producerId, producer] as const)

/** The transactional id needs Describe on it, which a reader may lack; then the producer id has to do. */
const holderOf = (producer: ActiveProducer, admin: KafkaAdmin): Observable<Holder> => {
  const { producerId, epoch } = producer
  const name = `producer id ${producerId} (epoch ${epoch})`
  return admin.listTransactions([], [producerId]).pipe(
    map(([transaction]) =>
      transaction === undefined
        ? { producer, name, state: undefined }
        : { producer, name: `transactional.id "${transaction.transactionalId}", ${name}`, state: transaction.state },
    ),
    catchError(() => of({ producer, name, state: undefined })),
  )
}
