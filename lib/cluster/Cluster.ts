import {
  AsyncSubject,
  asyncScheduler,
  catchError,
  concat,
  defer,
  EMPTY,
  ignoreElements,
  merge,
  type Observable,
  of,
  type SchedulerLike,
  take,
  tap,
  throwError,
  timer,
} from 'rxjs'
import { concealSecrets, inspectCustom } from '../client/concealSecrets.js'
import type { KafkaConfig } from '../client/KafkaConfig.js'
import { isKafkaError, KafkaError } from '../client/KafkaError.js'
import { brokerError, type BrokerErrorContext } from '../protocol/brokerError.js'
import type { KafkaApi } from '../protocol/requests/KafkaApi.js'
import { metadataApi, type MetadataResponse } from '../protocol/requests/metadata.js'
import { monotonicClock, type MonotonicClock } from '../scheduling/monotonicClock.js'
import { Troubles } from '../standstill/Troubles.js'
import { duration, listed } from '../standstill/words.js'
import { ANY_BROKER, type Brokers, type ConnectionPurpose, type SendOptions } from './Brokers.js'
import { ClientTroubles } from './ClientTroubles.js'
import { ClusterMetadata, type Leader } from './ClusterMetadata.js'
import { clientClosed } from './connectionErrors.js'
import { Coordinators } from './Coordinators.js'
import { MetadataRefresh } from './MetadataRefresh.js'
import { principalOf } from './principalOf.js'
import { retryTransient } from './retryTransient.js'
import { UnansweredInits } from './UnansweredInits.js'

/**
 * What one client knows of its cluster: brokers, leaders, coordinators; and the way to them, by their ids. Nothing is retried here
 * but the start.
 *
 * All time is that of the configuration's scheduler. Observables are cold, except that a round of metadata is shared by all who wait
 * for it.
 */
export class Cluster {
  readonly config: KafkaConfig
  readonly scheduler: SchedulerLike
  /** ms, never set back or forth: for durations */
  readonly now: MonotonicClock
  readonly troubles: ClientTroubles
  readonly unansweredInits: UnansweredInits
  readonly coordinators: Coordinators
  private readonly refresh: MetadataRefresh
  private readonly closed$ = new AsyncSubject<void>()
  private known = ClusterMetadata.empty
  private ended = false

  constructor(
    private readonly brokers: Brokers,
    config: KafkaConfig,
  ) {
    this.config = concealSecrets(config)
    this.scheduler = config.scheduler ?? asyncScheduler
    this.now = monotonicClock(this.scheduler)
    this.unansweredInits = new UnansweredInits(this.now)
    this.troubles = new ClientTroubles(config)
    this.coordinators = new Coordinators({
      find: (api, request) => brokers.send(ANY_BROKER, 'control', api, request),
      isKnown: (nodeId) => this.known.brokers.has(nodeId),
      refresh: () => this.refresh.request([], false),
      brokerError: (code, context) => this.brokerError(code, context),
    })
    this.refresh = new MetadataRefresh({
      ask: (topics, create) => this.askMetadata(topics, create).pipe(tap((answer) => this.learn(answer))),
      pause: (ms) => this.pause(ms),
      now: this.now,
      scheduler: this.scheduler,
      backoffMs: config.retryBackoffMs,
    })
  }

  /**
   * Completes once a bootstrap server has told who is in the cluster. Errors when none can be used: a cluster that does not answer is
   * waited for up to `request.timeout.ms`, with a warning, as it is later on. Closed when it errors.
   */
  start(): Observable<never> {
    return defer(() => {
      const { bootstrapServers, requestTimeoutMs, logger } = this.config
      const waiting = new Troubles({ after: 0 }, logger, this.now)
      const servers = (): string => listed(bootstrapServers.map(({ host, port }) => `${host}:${port}`))
      const ask = (): Observable<MetadataResponse> =>
        this.askMetadata([], false).pipe(
          tap({
            error: (error: unknown) => {
              if (isKafkaError(error) && error.retriable)
                waiting.meet('', () => waitsForCluster(servers(), requestTimeoutMs, error.message))
            },
          }),
        )
      return retryTransient(this, ask).pipe(
        tap((answer) => {
          waiting.over(
            '',
            (ms) => `The cluster of bootstrap.servers (${servers()}) answers now, after ${duration(ms)}.`,
          )
          this.learn(answer)
        }),
        catchError((error: unknown) =>
          concat(
            this.close(),
            throwError(() => error),
          ),
        ),
        ignoreElements(),
      )
    })
  }

  /** What is known now, without asking. */
  get metadata(): ClusterMetadata {
    return this.known
  }

  /** The leader as known now; undefined says: {@link refreshMetadata}, then look again. */
  leaderOf(topic: string, partition: number): Leader | undefined {
    this.refresh.whenOlderThan(this.config.metadataMaxAgeMs)
    return this.known.leaderOf({ topic, partition })
  }

  /** How many partitions the topic has, as known now. */
  partitionCount(topic: string): number | undefined {
    this.refresh.whenOlderThan(this.config.metadataMaxAgeMs)
    return this.known.partitionCount(topic)
  }

  /**
   * Asks again about these topics and all asked about before. Calls that come while one is on its way share the next, and
   * rounds about the same topics keep `retry.backoff.ms` apart; so callers may ask whenever they doubt.
   *
   * @param create lets the broker create missing topics, if its `auto.create.topics.enable` does
   */
  refreshMetadata(topics: Iterable<string>, create = false): Observable<ClusterMetadata> {
    return defer(() =>
      concat(
        this.refresh.request(topics, create),
        defer(() => of(this.known)),
      ),
    )
  }

  /** A topic that was deleted and created anew begins with lower epochs, which look stale: only forgetting makes them believed. */
  forgetLeaders(topic: string): void {
    this.known = this.known.without(topic)
  }

  /** Asks about topics (null: all) without remembering them. */
  describeTopics(topics: readonly string[] | null): Observable<MetadataResponse> {
    return this.askMetadata(topics, false).pipe(
      tap((answer) =>
        this.learn({ ...answer, topics: answer.topics.filter(({ topic }) => this.known.topics.has(topic)) }),
      ),
    )
  }

  /** Sends one request to one broker. Requests of one purpose leave in the order of subscription. */
  send<Q, R>(
    nodeId: number,
    purpose: ConnectionPurpose,
    api: KafkaApi<Q, R>,
    request: Q,
    options?: SendOptions,
  ): Observable<R> {
    return defer(() => {
      if (this.isClosed) return throwError(clientClosed)
      const broker = this.known.brokers.get(nodeId)
      return broker === undefined
        ? throwError(() => notInCluster(nodeId))
        : this.brokers.send(broker, purpose, api, request, options)
    })
  }

  /** See `Brokers.answersInTurn`. */
  get answersInTurn(): boolean {
    return this.brokers.answersInTurn
  }

  /** Closes the connections of one purpose, and with them what waits there. */
  release(purpose: ConnectionPurpose): void {
    this.brokers.release(purpose)
  }

  get isClosed(): boolean {
    return this.ended
  }

  /** A broker's error code as an error, which says who we are to the brokers where that matters. */
  brokerError(code: number, context: BrokerErrorContext): KafkaError {
    return brokerError(code, { principal: principalOf(this.config), ...context })
  }

  /** In [0, 1). */
  random(): number {
    return this.brokers.random()
  }

  /** Emits after so many ms, and at once when the client is closed. */
  pause(ms: number): Observable<unknown> {
    return merge(timer(ms, this.scheduler), this.closed$).pipe(take(1))
  }

  /** Ends everything at once: requests in flight are errors, pauses end. Completes when the last connection is gone. */
  close(): Observable<never> {
    return defer(() => {
      this.ended = true
      const wake = defer(() => {
        this.closed$.next()
        this.closed$.complete()
        return EMPTY
      })
      // The port first: what a pause wakes must not connect again.
      return merge(this.brokers.close(), wake)
    })
  }

  /** Connections hold keys and passwords, so they are not printed with a client. */
  toJSON(): object {
    const { clientId, bootstrapServers } = this.config
    return { clientId, bootstrapServers, brokers: [...this.known.brokers.values()] }
  }

  [inspectCustom](): object {
    return this.toJSON()
  }

  private askMetadata(topics: readonly string[] | null, createMissing: boolean): Observable<MetadataResponse> {
    return this.brokers.send(ANY_BROKER, 'control', metadataApi, { topics, createMissing })
  }

  private learn(answer: MetadataResponse): void {
    if (answer.brokers.length === 0) return
    this.known = this.known.with(answer)
    this.brokers.retain([...this.known.brokers.values()])
  }
}

const notInCluster = (nodeId: number): KafkaError =>
  new KafkaError({
    _tag: 'Connection',
    retriable: true,
    message: `Broker ${nodeId} is not in the cluster now; metadata may be old.`,
  })

const waitsForCluster = (servers: string, budgetMs: number, why: string): string =>
  `The cluster of bootstrap.servers (${servers}) does not answer; it is waited for, up to ${duration(budgetMs)} (request.timeout.ms). ${why}`
