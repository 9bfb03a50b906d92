import { KafkaError } from '../../client/KafkaError.js'
import { addPartitionsToTxnApi } from '../../protocol/requests/addPartitionsToTxn.js'
import { endTxnApi } from '../../protocol/requests/endTxn.js'
import { initProducerIdApi } from '../../protocol/requests/initProducerId.js'
import type { KafkaApi } from '../../protocol/requests/KafkaApi.js'
import type { ProducerConnections } from './ProducerConnections.js'
import type { ProducerIdentity } from './ProducerIdentity.js'
import { retryQuickly } from './retryQuickly.js'
import { ErrorCodes } from '../../protocol/errorCodes.js'

type Identity = Pick<ProducerIdentity, 'producerId' | 'epoch'>

/**
 * What is asked of the broker that coordinates one transactional id. Every question may be asked again: moves of the
 * coordinator, lost connections and CONCURRENT_TRANSACTIONS are retried within the time given.
 *
 * A producer that is closed asks to begin nothing more: by then a successor may use its id, and a late InitProducerId would
 * abort what the successor has open. Ends are asked for to the end.
 */
export class TransactionCoordinator {
  constructor(
    private readonly connections: ProducerConnections,
    private readonly transactionalId: string,
    private readonly closed: () => boolean = () => false,
  ) {}

  /**
   * Fences former producers of this id and aborts what they left open.
   *
   * @param timeoutMs longer than `request.timeout.ms`: a coordinator that has lost a replica may be silent that long, and it is
   *   asked ahead of need
   */
  async init(transactionTimeoutMs: number, timeoutMs: number): Promise<ProducerIdentity> {
    const { producerId, producerEpoch } = await this.ask(
      initProducerIdApi,
      { transactionalId: this.transactionalId, transactionTimeoutMs },
      (answer) => answer,
      { unlessClosed: true, timeoutMs },
    )
    return { producerId, epoch: producerEpoch, transactional: true }
  }

  /** Must be answered before the first batch of a transaction is sent to a partition. */
  async addPartitions(
    { producerId, epoch }: Identity,
    partitions: readonly { readonly topic: string; readonly partition: number }[],
    timeoutMs: number,
  ): Promise<void> {
    const request = { transactionalId: this.transactionalId, producerId, producerEpoch: epoch, partitions }
    await this.ask(addPartitionsToTxnApi, request, (answer) => worstOf(answer.partitions), {
      unlessClosed: true,
      timeoutMs,
    })
  }

  /** Commits or aborts. The same end again is success, so a lost answer does no harm. */
  async end({ producerId, epoch }: Identity, committed: boolean): Promise<void> {
    const request = { transactionalId: this.transactionalId, producerId, producerEpoch: epoch, committed }
    await this.ask(endTxnApi, request, (answer) => answer)
  }

  private ask<Q, R>(
    api: KafkaApi<Q, R>,
    request: Q,
    verdictOf: (answer: R) => Verdict,
    { timeoutMs = this.connections.config.requestTimeoutMs, unlessClosed = false } = {},
  ): Promise<R> {
    const { connections, transactionalId, closed } = this
    const stopped = (): boolean => unlessClosed && closed()
    const attempt = async (): Promise<R> => {
      const nodeId = await connections.coordinator('transaction', transactionalId)
      if (stopped()) throw producerClosed(transactionalId)
      try {
        const answer = await connections.send(nodeId, 'control', api, request)
        const { errorCode, topic, partition } = verdictOf(answer)
        if (errorCode === 0) return answer
        throw connections.brokerError(errorCode, { api: api.apiName, transactionalId, topic, partition })
      } catch (error) {
        if (!isAboutTransaction(error)) connections.forgetCoordinator('transaction', transactionalId)
        throw error
      }
    }
    return retryQuickly(connections, timeoutMs, attempt, stopped)
  }
}

const producerClosed = (transactionalId: string): KafkaError =>
  new KafkaError({
    _tag: 'IllegalState',
    transactionalId,
    message: `The producer of transactional.id "${transactionalId}" was closed before the broker could be asked. Make a new producer.`,
  })

/** What the broker said of a request, and of which partition if it was about one. */
interface Verdict {
  readonly errorCode: number
  readonly topic?: string
  readonly partition?: number
}

/** One partition that is refused makes the broker skip the others, so what says more than "skipped" counts. */
const worstOf = (partitions: readonly Verdict[]): Verdict => {
  const refused = partitions.filter(({ errorCode }) => errorCode !== 0)
  return (
    refused.find(({ errorCode }) => errorCode !== ErrorCodes.OPERATION_NOT_ATTEMPTED) ?? refused[0] ?? { errorCode: 0 }
  )
}

const isAboutTransaction = (error: unknown): boolean =>
  error instanceof KafkaError && error.code === ErrorCodes.CONCURRENT_TRANSACTIONS
