import { catchError, defer, forkJoin, ignoreElements, map, merge, type Observable, of, tap, throwError } from 'rxjs'
import type { BrokerAddress } from '../client/KafkaConfig.js'
import { isKafkaError, KafkaError } from '../client/KafkaError.js'
import type { ANY_BROKER, Brokers, ConnectionPurpose, SendOptions } from '../cluster/Brokers.js'
import type { KafkaApi } from '../protocol/requests/KafkaApi.js'
import type { Answer } from './apis/Answer.js'
import { answerTo } from './apis/answers.js'
import type { MemoryApi } from './Fault.js'
import { FetchSession } from './FetchSession.js'
import type { MemoryCluster } from './MemoryCluster.js'
import type { MemoryConnection } from './MemoryConnection.js'

/**
 * {@link Brokers} in memory: a request has its effect, and its response comes, in a turn of its own. Faults are those of the connection.
 */
export class MemoryBrokers implements Brokers {
  readonly answersInTurn = false
  private readonly sessions = new Map<ConnectionPurpose, FetchSession>()

  constructor(
    private readonly cluster: MemoryCluster,
    private readonly connection: MemoryConnection,
  ) {}

  send<Q, R>(
    _to: BrokerAddress | typeof ANY_BROKER,
    purpose: ConnectionPurpose,
    api: KafkaApi<Q, R>,
    request: Q,
    { expectResponse = true }: SendOptions = {},
  ): Observable<R> {
    const answer = answerTo(api)
    if (answer === undefined) return throwError(() => unknownApi(api))
    const response = this.respond(answer, purpose, request)
    return expectResponse ? response : response.pipe(map(() => undefined as R))
  }

  private respond<Q, R>(answer: Answer<Q, R>, purpose: ConnectionPurpose, request: Q): Observable<R> {
    const { parts } = answer
    const requests = parts?.of(request) ?? []
    if (parts === undefined || requests.length === 0) return this.call(answer, purpose, request)
    const responses = requests.map((part) =>
      this.call(answer, purpose, part).pipe(
        catchError((error: unknown) =>
          isKafkaError(error) && error.code !== undefined
            ? of(parts.refused(part, error.code))
            : throwError(() => error),
        ),
      ),
    )
    return forkJoin(responses).pipe(map(parts.join))
  }

  private call<Q, R>(answer: Answer<Q, R>, purpose: ConnectionPurpose, request: Q): Observable<R> {
    const call = { api: answer.api.apiName as MemoryApi, ...answer.about?.(request) }
    return defer(() => {
      const session = this.sessionOf(purpose)
      const waits = answer.waits?.(this.cluster, request, session, this.connection.process)
      return this.connection
        .call(
          call,
          () => answer.respond(this.cluster, request, session),
          waits && { isOver: waits.isOver, changes: () => merge(waits.changes(), session.ended$) },
        )
        .pipe(tap({ error: () => session.forget() }))
    })
  }

  /** There is one broker, and it does not move. */
  retain(): void {}

  release(purpose: ConnectionPurpose): void {
    this.sessions.get(purpose)?.end()
    this.sessions.delete(purpose)
  }

  close(): Observable<never> {
    return defer(() => {
      for (const purpose of [...this.sessions.keys()]) this.release(purpose)
      this.connection.close()
      return this.connection.delay(0).pipe(ignoreElements())
    })
  }

  private sessionOf(purpose: ConnectionPurpose): FetchSession {
    const session = this.sessions.get(purpose) ?? new FetchSession()
    this.sessions.set(purpose, session)
    return session
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
