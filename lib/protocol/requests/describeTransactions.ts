import { ByteReader } from '../ByteReader.js'
import { ByteWriter } from '../ByteWriter.js'
import { readCompactByTopic } from './byTopic.js'
import type { KafkaApi } from './KafkaApi.js'

export interface DescribeTransactionsRequest {
  /** all of them coordinated by the broker that is asked */
  readonly transactionalIds: readonly string[]
}

export interface DescribedTransaction {
  readonly errorCode: number
  readonly transactionalId: string
  /** by Kafka's name: `Ongoing`, `CompleteCommit`, … */
  readonly state: string
  readonly timeoutMs: number
  /** -1 without an open transaction */
  readonly startTimeMs: number
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly partitions: readonly { readonly topic: string; readonly partition: number }[]
}

export interface DescribeTransactionsResponse {
  readonly throttleTimeMs: number
  readonly transactions: readonly DescribedTransaction[]
}

/**
 * DescribeTransactions Request (Version: 0) => [transactional_ids] TAG_BUFFER
 *   transactional_ids => COMPACT_STRING
 *
 * Flexible from its first version, so the header's TAG_BUFFER comes first. Only reads: it neither begins a transaction nor
 * keeps one from expiring. Since Kafka 3.0 (KIP-664).
 *
 * What brokers answer about a transaction that was opened under producer id p and epoch e, of Kafka 3.9.1, 4.2.0 and 4.4.0 alike
 * (with clients of EndTxn below version 5, which leave the epoch as it is):
 *
 * - not initialised yet, or forgotten: TRANSACTIONAL_ID_NOT_FOUND;
 * - InitProducerId, nothing written: Empty, e, no partitions;
 * - first AddPartitionsToTxn: Ongoing, e, with its start;
 * - EndTxn: PrepareCommit (PrepareAbort) with the partitions until all markers are written, then CompleteCommit
 *   (CompleteAbort) without; e, and the start stays. EndTxn is answered first, so the Prepare state is met as a rule;
 * - past its time-out: Ongoing as before, and it can still be committed, until the broker next looks for those (every
 *   transaction.abort.timed.out.transaction.cleanup.interval.ms, 10 s); then PrepareAbort and CompleteAbort with e + 1;
 * - InitProducerId by another while nothing is open: Empty with e + 1;
 * - InitProducerId by another while it is open: PrepareAbort and CompleteAbort with e + 1 while it lasts, and that stays if the
 *   other dies meanwhile, so it looks like expired; then Empty with e + 2;
 * - epochs used up (32766 is the last), or initialised again after it was forgotten: another producer id, and 0;
 * - AddPartitionsToTxn (up to version 3) with p and e once it has ended, committed or aborted: NONE, and Ongoing with e. It has
 *   begun another transaction, so that request is no way to ask whether one lives.
 *
 * In Empty, brokers before 4.0 answer the start of the transaction before, later ones -1.
 *
 * So CompleteAbort with e + 1 says expired, or being taken over; Empty or a higher epoch, taken over. Nothing else tells them
 * apart: AddPartitionsToTxn answers PRODUCER_FENCED for both, Produce and EndTxn INVALID_PRODUCER_EPOCH. Once the id is
 * initialised again, what had expired before looks taken over.
 */
export const encodeDescribeTransactionsRequest = ({ transactionalIds }: DescribeTransactionsRequest): Buffer =>
  new ByteWriter()
    .writeNoTaggedFields()
    .writeCompactArray(transactionalIds, (writer, id) => writer.writeCompactString(id))
    .writeNoTaggedFields()
    .toBuffer()

/**
 * DescribeTransactions Response (Version: 0) => throttle_time_ms [transaction_states] TAG_BUFFER
 *   throttle_time_ms => INT32
 *   transaction_states => error_code transactional_id transaction_state transaction_timeout_ms transaction_start_time_ms
 *                         producer_id producer_epoch [topics] TAG_BUFFER
 *     error_code => INT16
 *     transactional_id => COMPACT_STRING
 *     transaction_state => COMPACT_STRING
 *     transaction_timeout_ms => INT32
 *     transaction_start_time_ms => INT64
 *     producer_id => INT64
 *     producer_epoch => INT16
 *     topics => topic [partitions] TAG_BUFFER
 *       topic => COMPACT_STRING
 *       partitions => INT32
 */
export const decodeDescribeTransactionsResponse = (body: Buffer): DescribeTransactionsResponse => {
  const reader = new ByteReader(body, 'DescribeTransactions response')
  reader.skipTaggedFields()
  return {
    throttleTimeMs: reader.readInt32(),
    transactions: reader.readCompactArray(() => {
      const transaction = {
        errorCode: reader.readInt16(),
        transactionalId: reader.readCompactString(),
        state: reader.readCompactString(),
        timeoutMs: reader.readInt32(),
        startTimeMs: reader.readInt64(),
        producerId: reader.readBigInt64(),
        producerEpoch: reader.readInt16(),
        partitions: readCompactByTopic(reader, (_, topic) => ({ topic, partition: reader.readInt32() })),
      }
      reader.skipTaggedFields()
      return transaction
    }),
  }
}

export const describeTransactionsApi: KafkaApi<DescribeTransactionsRequest, DescribeTransactionsResponse> = {
  apiKey: 65,
  apiVersion: 0,
  apiName: 'DescribeTransactions',
  advice: 'EXACTLY_ONCE needs Kafka 3.0 or later.',
  encode: encodeDescribeTransactionsRequest,
  decode: decodeDescribeTransactionsResponse,
}
