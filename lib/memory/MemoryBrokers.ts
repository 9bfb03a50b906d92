import { catchError, concatMap, defer, forkJoin, ignoreElements, map, type Observable, of, throwError } from 'rxjs'
import type { BrokerAddress } from '../client/KafkaConfig.js'
import { isKafkaError, KafkaError } from '../client/KafkaError.js'
import { ANY_BROKER, type Brokers, type ConnectionPurpose, type SendOptions } from '../cluster/Brokers.js'
import { clientClosed } from '../cluster/connectionErrors.js'
import type { KafkaApi } from '../protocol/requests/KafkaApi.js'
import type { BrokerMetadata } from '../protocol/requests/metadata.js'
import type { Answer } from './apis/Answer.js'
import { answerTo } from './apis/answers.js'
import type { MemoryApi } from './Fault.js'
import type { MemoryCluster } from './MemoryCluster.js'
import type { CallOptions, MemoryConnection } from './MemoryConnection.js'
import { MemoryLink } from './MemoryLink.js'

/**
 * {@link Brokers} in memory: a request has its effect, and its response comes, in a turn of its own. Faults are those of the connection.
 */
export class MemoryBrokers implements Brokers {
  readonly answersInTurn = false
  private readonly links = new Map<string, { readonly purpose: ConnectionPurpose; readonly link: MemoryLink }>()

  constructor(
    private readonly cluster: MemoryCluster,
    private readonly connection: MemoryConnection,
  ) {}

  send<Q, R>(
    to: BrokerAddress | typeof ANY_BROKER,
    purpose: ConnectionPurpose,
    api: KafkaApi<Q, R>,
    request: Q,
    { expectResponse = true, timeoutMs = this.connection.config.requestTimeoutMs, onSent }: SendOptions = {},
  ): Observable<R> {
    return defer(() => {
      const answer = answerTo(api)
      if (answer === undefined) return throwError(() => unknownApi(api))
      if (!this.connection.isOpen) return this.connection.delay(0).pipe(concatMap(() => throwError(clientClosed)))
      const link = this.linkOf(this.brokerAt(to), purpose)
      onSent?.()
      const response = link.carry(this.respond(answer, request, { link, timeoutMs }))
      return expectResponse ? response : response.pipe(map(() => undefined as R))
    })
  }

  private respond<Q, R>(answer: Answer<Q, R>, request: Q, way: CallOptions): Observable<R> {
    const { parts } = answer
    const requests = parts?.of(request) ?? []
    if (parts === undefined || requests.length === 0) return this.call(answer, request, way)
    const responses = requests.map((part) => this.call(answer, part, way))
    return forkJoin(responses).pipe(map(parts.join))
  }

  private call<Q, R>(answer: Answer<Q, R>, request: Q, way: CallOptions): Observable<R> {
    const { nodeId } = way.link.broker
    const call = { api: answer.api.apiName as MemoryApi, nodeId, ...answer.about?.(request) }
    const { cluster, connection } = this
    const waits = answer.waits?.(cluster, request, way.link, connection.process)
    const response = connection.call(call, () => answer.respond(cluster, request, way.link), { ...way, waits })
    const { refused } = answer
    if (refused === undefined) return response
    // An error code is no error of the port, but a response.
    return response.pipe(
      catchError((error: unknown) =>
        isKafkaError(error) && error.code !== undefined ? of(refused(request, error.code)) : throwError(() => error),
      ),
    )
  }

  /** Brokers in memory do not move. */
  retain(): void {}

  release(purpose: ConnectionPurpose): void {
    this.endWhere((candidate) => candidate === purpose)
  }

  close(): Observable<never> {
    return defer(() => {
      this.connection.close()
      this.endWhere(() => true)
      return this.connection.delay(0).pipe(ignoreElements())
    })
  }

  /** In a turn of its own, as on a socket. */
  private endWhere(matches: (purpose: ConnectionPurpose) => boolean): void {
    for (const [key, { purpose, link }] of this.links) {
      if (!matches(purpose)) continue
      this.links.delete(key)
      this.connection.schedule(() => link.end('it was closed'))
    }
  }

  private brokerAt(to: BrokerAddress | typeof ANY_BROKER): BrokerMetadata {
    const { brokers } = this.cluster
    if (to === ANY_BROKER) return brokers[0]
    const broker = brokers.find(({ host, port }) => host === to.host && port === to.port)
    if (broker === undefined) throw unreachable(to)
    return broker
  }

  private linkOf(broker: BrokerMetadata, purpose: ConnectionPurpose): MemoryLink {
    const key = `${broker.nodeId} ${purpose}`
    const known = this.links.get(key)
    if (known?.link.isOver === false) return known.link
    const link = new MemoryLink(broker)
    this.links.set(key, { purpose, link })
    return link
  }

  /** No chance in memory, so that virtual time is repeatable: half of any jitter. */
  random(): number {
    return 0.5
  }
}

const unreachable = ({ host, port }: BrokerAddress): KafkaError =>
  new KafkaError({
    _tag: 'Connection',
    retriable: true,
    message: `There is no broker in memory at ${host}:${port}.`,
  })

const unknownApi = ({ apiName, apiVersion }: KafkaApi<never, unknown>): KafkaError =>
  new KafkaError({
    _tag: 'Unsupported',
    message: `The in-memory Kafka does not answer ${apiName}, version ${apiVersion}.`,
    api: apiName,
  })
