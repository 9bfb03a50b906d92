import { KafkaError } from '../../client/KafkaError.js'
import type { KafkaCommittable } from './KafkaCommittable.js'

const recordsOf = (committables: readonly KafkaCommittable[]): number =>
  committables.reduce((sum, { records }) => sum + records, 0)

const named = (committables: readonly KafkaCommittable[]): string =>
  committables
    .map(
      ({ transactionalId, checkpointId, records }) =>
        `${transactionalId} (checkpoint ${checkpointId}, ${records} records)`,
    )
    .join(', ')

/** Transactions that are dead, while records after theirs are visible already. */
export const lostTransactions = (lost: readonly KafkaCommittable[]): KafkaError =>
  new KafkaError({
    _tag: 'TransactionLost',
    message:
      `${recordsOf(lost)} records are lost: ${named(lost)} can no longer be committed. The brokers aborted what was prepared, and the ` +
      'job cannot go back to before it: no checkpoint from before is left, or records after it are visible already. Either the job was down or cut ' +
      'off for longer than transaction.timeout.ms (raise it above the longest outage), or another job uses the same transactional id ' +
      "prefix. To go on without these records, set setCommitLostPolicy('warn').",
    retriable: false,
    fatal: true,
    transactionalId: lost[0]?.transactionalId,
  })

/** A transaction of a running sink that is dead: the next attempt goes back to before it, if it still can. */
export const deadTransaction = (dead: KafkaCommittable, cause?: unknown): KafkaError =>
  new KafkaError({
    _tag: 'TransactionLost',
    message:
      `Transaction ${dead.transactionalId} of checkpoint ${dead.checkpointId} (${dead.records} records) is dead: the brokers aborted it, most ` +
      'likely because transaction.timeout.ms was over before its checkpoint was complete and committed. The next attempt goes back to ' +
      'the checkpoint before it and writes these records again, unless records after it are visible already.',
    retriable: true,
    fatal: true,
    transactionalId: dead.transactionalId,
    cause,
  })

/** A transaction that would likely be dead before its checkpoint can be committed. */
export const expiringTransaction = (expiring: KafkaCommittable, timeoutMs: number): KafkaError =>
  new KafkaError({
    _tag: 'TransactionLost',
    message:
      `Transaction ${expiring.transactionalId} of checkpoint ${expiring.checkpointId} (${expiring.records} records) is about to expire: less than a ` +
      `tenth of transaction.timeout.ms = ${timeoutMs} is left. It is given up before a checkpoint rests on it; the next attempt writes these ` +
      'records again. Take checkpoints more often, or raise transaction.timeout.ms.',
    retriable: true,
    fatal: true,
    transactionalId: expiring.transactionalId,
  })

/** A transaction that the coordinator does not know (any more). */
export const unknownTransaction = (unknown: KafkaCommittable): KafkaError =>
  new KafkaError({
    _tag: 'TransactionLost',
    message:
      `The brokers do not know transaction ${unknown.transactionalId} of checkpoint ${unknown.checkpointId} (${unknown.records} records), and the checkpoint ` +
      'store does not say that it was committed. Either they have forgotten it (transactional.id.expiration.ms, 7 days by default, after its ' +
      'end), or this is another cluster (see bootstrap.servers). See in the topic whether its records are there, and say so: ' +
      "setUnknownTransactionPolicy('assumeCommitted') or ('assumeLost').",
    retriable: false,
    fatal: true,
    transactionalId: unknown.transactionalId,
  })
