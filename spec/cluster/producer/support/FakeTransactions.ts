import type {
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
} from '../../../../lib/protocol/requests/addPartitionsToTxn.js'
import type { EndTxnRequest, EndTxnResponse } from '../../../../lib/protocol/requests/endTxn.js'
import type { InitProducerIdRequest, InitProducerIdResponse } from '../../../../lib/protocol/requests/initProducerId.js'
import type { ReceivedBatch } from './PartitionLog.js'

interface Transaction {
  readonly producerId: bigint
  epoch: number
  partitions: Set<string>
  state: 'Empty' | 'Ongoing' | 'Committed' | 'Aborted'
  /** a key of its own for every transaction, to tell them apart */
  serial: number
}

/** What a transaction coordinator knows, without time: epochs, partitions, ends, and what became of every batch. */
export class FakeTransactions {
  readonly ended: { readonly transactionalId: string; readonly committed: boolean; readonly serial: number }[] = []
  /** the transaction each batch was written in */
  readonly serialOf = new Map<ReceivedBatch, number>()
  private readonly transactions = new Map<string, Transaction>()
  private nextProducerId = 1n
  private nextSerial = 1

  init({ transactionalId }: InitProducerIdRequest): InitProducerIdResponse {
    if (transactionalId === null) {
      return { throttleTimeMs: 0, errorCode: 0, producerId: this.nextProducerId++, producerEpoch: 0 }
    }
    const known = this.transactions.get(transactionalId)
    if (known === undefined) {
      const transaction = { producerId: this.nextProducerId++, epoch: 0, partitions: new Set<string>(), serial: 0 }
      this.transactions.set(transactionalId, { ...transaction, state: 'Empty' })
      return { throttleTimeMs: 0, errorCode: 0, producerId: transaction.producerId, producerEpoch: 0 }
    }
    if (known.state === 'Ongoing') this.finish(transactionalId, known, false)
    known.epoch++
    known.state = 'Empty'
    return { throttleTimeMs: 0, errorCode: 0, producerId: known.producerId, producerEpoch: known.epoch }
  }

  addPartitions(request: AddPartitionsToTxnRequest): AddPartitionsToTxnResponse {
    const transaction = this.transactions.get(request.transactionalId)!
    const code = request.producerEpoch === transaction.epoch ? 0 : 47
    if (code === 0 && transaction.state !== 'Ongoing') {
      transaction.state = 'Ongoing'
      transaction.partitions = new Set()
      transaction.serial = this.nextSerial++
    }
    if (code === 0) request.partitions.forEach((each) => transaction.partitions.add(`${each.topic}-${each.partition}`))
    return { throttleTimeMs: 0, partitions: request.partitions.map((each) => ({ ...each, errorCode: code })) }
  }

  end(request: EndTxnRequest): EndTxnResponse {
    const transaction = this.transactions.get(request.transactionalId)
    return { throttleTimeMs: 0, errorCode: this.endCode(request, transaction) }
  }

  /** As a coordinator that is busy does. */
  refuse(api: string, request: unknown): unknown {
    if (api !== 'AddPartitionsToTxn') return { throttleTimeMs: 0, errorCode: 51, producerId: -1n, producerEpoch: -1 }
    const { partitions } = request as AddPartitionsToTxnRequest
    return { throttleTimeMs: 0, partitions: partitions.map((each) => ({ ...each, errorCode: 51 })) }
  }

  /** A batch may be written: its partition belongs to an open transaction of its producer. */
  takes(transactionalId: string, batch: ReceivedBatch): boolean {
    const transaction = this.transactions.get(transactionalId)
    if (transaction === undefined || transaction.state !== 'Ongoing') return false
    if (transaction.producerId !== batch.producerId || transaction.epoch !== batch.epoch || !batch.transactional)
      return false
    this.serialOf.set(batch, transaction.serial)
    return transaction.partitions.has(`${batch.topic}-${batch.partition}`)
  }

  expire(transactionalId: string): void {
    const transaction = this.transactions.get(transactionalId)!
    this.finish(transactionalId, transaction, false)
    transaction.epoch++
  }

  isCommitted(batch: ReceivedBatch): boolean {
    const serial = this.serialOf.get(batch)
    return this.ended.some((end) => end.committed && end.serial === serial)
  }

  private endCode(
    { transactionalId, producerEpoch, producerId, committed }: EndTxnRequest,
    transaction?: Transaction,
  ): number {
    if (transaction === undefined || transaction.producerId !== producerId) return 49
    if (transaction.epoch !== producerEpoch) return 47
    if (transaction.state === 'Ongoing') {
      this.finish(transactionalId, transaction, committed)
      return 0
    }
    return transaction.state === (committed ? 'Committed' : 'Aborted') ? 0 : 48
  }

  private finish(transactionalId: string, transaction: Transaction, committed: boolean): void {
    transaction.state = committed ? 'Committed' : 'Aborted'
    this.ended.push({ transactionalId, committed, serial: transaction.serial })
  }
}
