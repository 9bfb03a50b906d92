import { defer, ignoreElements, type Observable, throwError } from 'rxjs'
import type { BrokerAddress } from '../client/KafkaConfig.js'
import { KafkaError } from '../client/KafkaError.js'
import type { ANY_BROKER, Brokers, ConnectionPurpose } from '../cluster/Brokers.js'
import type { KafkaApi } from '../protocol/requests/KafkaApi.js'
import { answerTo } from './apis/answers.js'
import type { MemoryApi } from './Fault.js'
import type { MemoryCluster } from './MemoryCluster.js'
import type { MemoryConnection } from './MemoryConnection.js'

/**
 * {@link Brokers} in memory: a request has its effect, and its response comes, in a turn of its own. Faults are those of the connection.
 */
export class MemoryBrokers implements Brokers {
  constructor(
    private readonly cluster: MemoryCluster,
    private readonly connection: MemoryConnection,
  ) {}

  send<Q, R>(
    _to: BrokerAddress | typeof ANY_BROKER,
    _purpose: ConnectionPurpose,
    api: KafkaApi<Q, R>,
    request: Q,
  ): Observable<R> {
    const answer = answerTo(api)
    if (answer === undefined) return throwError(() => unknownApi(api))
    const call = { api: api.apiName as MemoryApi, ...answer.about?.(request) }
    return this.connection.call(call, () => answer.respond(this.cluster, request))
  }

  /** There is one broker, and it does not move. */
  retain(): void {}

  release(): void {}

  close(): Observable<never> {
    return defer(() => {
      this.connection.close()
      return this.connection.delay(0).pipe(ignoreElements())
    })
  }

  /** No chance in memory, so that virtual time is repeatable: half of any jitter. */
  random(): number {
    return 0.5
  }
}

const unknownApi = ({ apiName, apiVersion }: KafkaApi<never, unknown>): KafkaError =>
  new KafkaError({
    _tag: 'Unsupported',
    message: `The in-memory Kafka does not answer ${apiName}, version ${apiVersion}.`,
    api: apiName,
  })
