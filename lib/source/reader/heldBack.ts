import { catchError, forkJoin, map, type Observable, of, switchMap } from 'rxjs'
import type { ActiveProducer } from '../../client/ActiveProducer.js'
import type { KafkaAdmin } from '../../client/KafkaAdmin.js'
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

const messageOf = (held: readonly KafkaPartitionSplitState[], holders: readonly string[], time: string): string => {
  const offsets = held.map(
    (split) => `${split.key} from offset ${split.position}, ${split.lastStableOffsetLag} offsets`,
  )
  return (
    `Records lie behind an open transaction for ${time}, and isolation.level=read_committed does not read them: ${listed(offsets)}. ` +
    (holders.length === 0 ? '' : `It is held open by ${listed(holders)}. `) +
    'They can be read when that producer commits or aborts, or when its transaction.timeout.ms is over. A transaction that hangs is ' +
    'aborted with kafka-transactions.sh abort.'
  )
}

/** Who holds these partitions open, for people. Empty when the brokers do not tell: the warning is worth more than the name. */
const openTransactions = (
  held: readonly KafkaPartitionSplitState[],
  admin: KafkaAdmin | undefined,
): Observable<readonly string[]> => {
  if (admin === undefined || held.length === 0) return of([])
  return admin.describeProducers(held.map(({ topicPartition }) => topicPartition)).pipe(
    map((producers) => [...new Map(held.flatMap((split) => oldest(producers.get(split.key)))).entries()]),
    switchMap((found) =>
      found.length === 0 ? of([]) : forkJoin(found.map(([id, producer]) => nameOf(id, producer, admin))),
    ),
    catchError(() => of([])),
  )
}

/** The one whose transaction began first holds the last stable offset. */
const oldest = (producers: readonly ActiveProducer[] = []): readonly (readonly [bigint, ActiveProducer])[] =>
  producers
    .filter(({ transactionStartOffset }) => transactionStartOffset !== undefined)
    .sort((a, b) => a.transactionStartOffset! - b.transactionStartOffset!)
    .slice(0, 1)
    .map((producer) => [producer.producerId, producer] as const)

/** The transactional id needs Describe on it, which a reader may lack; then the producer id has to do. */
const nameOf = (producerId: bigint, { epoch }: ActiveProducer, admin: KafkaAdmin): Observable<string> => {
  const producer = `producer id ${producerId} (epoch ${epoch})`
  return admin.listTransactions([], [producerId]).pipe(
    map(([transaction]) =>
      transaction === undefined ? producer : `transactional.id "${transaction.transactionalId}", ${producer}`,
    ),
    catchError(() => of(producer)),
  )
}
