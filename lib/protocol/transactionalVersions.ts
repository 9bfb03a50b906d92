/**
 * The last version of each API that acts on transactions which we may speak, however new the broker is.
 *
 * Other versions could be chosen by what a broker offers; these may not. A transaction outlives the process that wrote it and
 * the release of the brokers that took it, and whoever ends it must mean by its epoch what the writer meant. The versions
 * behind these speak the second protocol of transactions (KIP-890; the feature `transaction.version` 2): the broker raises the
 * epoch with every end, so that a repeated commit looks like that of a fenced producer. With these, brokers keep to the first
 * protocol, also when the feature is raised while a transaction is prepared.
 */
export const lastTransactionalVersions: Readonly<Record<string, number>> = {
  /** From 12 on a batch adds its partition to the transaction by itself, and begins one where there is none. */
  Produce: 11,
  /** From 4 on for brokers alone. */
  AddPartitionsToTxn: 3,
  /** 2 answers the fenced otherwise (PRODUCER_FENCED); from 5 on the epoch rises. */
  EndTxn: 1,
  /** From 5 on it adds the group to the transaction by itself. */
  TxnOffsetCommit: 4,
  /** 6 is two-phase commit (KIP-939). */
  InitProducerId: 5,
}
