import { catchError, concat, concatMap, defer, map, type Observable, of, throwError } from 'rxjs'
import { isKafkaError, type KafkaError } from '../client/KafkaError.js'
import type { BrokerErrorContext } from '../protocol/brokerError.js'
import { findCoordinatorApi } from '../protocol/requests/findCoordinator.js'
import { findCoordinatorsApi, type FoundCoordinator } from '../protocol/requests/findCoordinators.js'
import type { KafkaApi } from '../protocol/requests/KafkaApi.js'
import { allOf } from '../scheduling/allOf.js'
import { noAnswer } from './noAnswer.js'

export type CoordinatorType = 'group' | 'transaction'

/** What {@link Coordinators} need of the cluster. */
export interface CoordinatorSearch {
  /** Asks whichever broker answers. */
  find<Q, R>(api: KafkaApi<Q, R>, request: Q): Observable<R>
  /** whether it is known where this broker is */
  isKnown(nodeId: number): boolean
  /** Asks who is in the cluster. */
  refresh(): Observable<never>
  brokerError(code: number, context: BrokerErrorContext): KafkaError
}

/** Where a key is coordinated. */
type FoundNode = Pick<FoundCoordinator, 'key' | 'nodeId'>

/** Transactional ids come and go, one with each checkpoint: the oldest is forgotten, which costs a question when it comes back. */
const MAX_COORDINATORS = 1_000

/** The brokers that coordinate groups and transactional ids: asked for when first needed, and again once forgotten. */
export class Coordinators {
  private readonly nodes = new Map<string, number>()

  constructor(private readonly search: CoordinatorSearch) {}

  /** The broker that coordinates a group or a transactional id. Cached until {@link forget}. */
  of(type: CoordinatorType, key: string): Observable<number> {
    return defer(() => {
      const cached = this.cached(type, key)
      if (cached !== undefined) return of(cached)
      return this.search
        .find(findCoordinatorApi, { key, type })
        .pipe(concatMap((found) => this.located(type, [{ key, ...found }]).pipe(map(() => found.nodeId))))
    })
  }

  /**
   * The brokers that coordinate these, by key: one request for all that are not known (KIP-699), or one for each where brokers are older
   * than Kafka 3.0.
   */
  ofAll(type: CoordinatorType, keys: readonly string[]): Observable<ReadonlyMap<string, number>> {
    return defer(() => {
      const found = new Map<string, number>()
      const unknown = [...new Set(keys)].filter((key) => {
        const cached = this.cached(type, key)
        if (cached !== undefined) found.set(key, cached)
        return cached === undefined
      })
      return (unknown.length < 2 ? this.oneByOne(type, unknown) : this.together(type, unknown)).pipe(
        map((nodes) => {
          for (const { key, nodeId } of nodes) found.set(key, nodeId)
          return found
        }),
      )
    })
  }

  /** After NOT_COORDINATOR, COORDINATOR_NOT_AVAILABLE or a lost connection. */
  forget(type: CoordinatorType, key: string): void {
    this.nodes.delete(nameOf(type, key))
  }

  private cached(type: CoordinatorType, key: string): number | undefined {
    const nodeId = this.nodes.get(nameOf(type, key))
    return nodeId !== undefined && this.search.isKnown(nodeId) ? nodeId : undefined
  }

  private oneByOne(type: CoordinatorType, keys: readonly string[]): Observable<readonly FoundNode[]> {
    return allOf(keys.map((key) => this.of(type, key).pipe(map((nodeId) => ({ key, nodeId })))))
  }

  private together(type: CoordinatorType, keys: readonly string[]): Observable<readonly FoundNode[]> {
    return this.search.find(findCoordinatorsApi, { keys, type }).pipe(
      concatMap(({ coordinators }) => {
        const answers = answersAbout(type, keys, coordinators)
        return this.located(type, answers).pipe(map(() => answers))
      }),
      catchError((error: unknown) =>
        isKafkaError(error) && error._tag === 'Unsupported' ? this.oneByOne(type, keys) : throwError(() => error),
      ),
    )
  }

  /** Remembers coordinators that were found, once it is known where they are. */
  private located(type: CoordinatorType, answers: readonly FoundCoordinator[]): Observable<void> {
    const found = answers.filter(({ errorCode }) => errorCode === 0)
    const failed = answers.find(({ errorCode }) => errorCode !== 0)
    const remember = defer(() => {
      for (const { key, nodeId } of found) this.remember(type, key, nodeId)
      return failed === undefined ? of(undefined) : throwError(() => this.notFound(type, failed))
    })
    const known = found.every(({ nodeId }) => this.search.isKnown(nodeId))
    return known ? remember : concat(this.search.refresh(), remember)
  }

  private remember(type: CoordinatorType, key: string, nodeId: number): void {
    this.nodes.set(nameOf(type, key), nodeId)
    const [oldest = ''] = this.nodes.keys()
    if (this.nodes.size > MAX_COORDINATORS) this.nodes.delete(oldest)
  }

  private notFound(type: CoordinatorType, { key, errorCode, errorMessage }: FoundCoordinator): KafkaError {
    return this.search.brokerError(errorCode, {
      ...{ api: findCoordinatorApi.apiName, detail: errorMessage },
      ...(type === 'group' ? { groupId: key } : { transactionalId: key }),
    })
  }
}

const nameOf = (type: CoordinatorType, key: string): string => `${type} ${key}`

/** What a broker said of each key; nothing else that it said. */
const answersAbout = (
  type: CoordinatorType,
  keys: readonly string[],
  answers: readonly FoundCoordinator[],
): readonly FoundCoordinator[] => {
  const byKey = new Map(answers.map((answer) => [answer.key, answer]))
  return keys.map((key) => {
    const answer = byKey.get(key)
    if (answer !== undefined) return answer
    const what = `${type === 'group' ? 'group' : 'transactional.id'} "${key}"`
    const transactionalId = type === 'group' ? undefined : key
    throw noAnswer('A broker', { api: findCoordinatorsApi.apiName, what, transactionalId })
  })
}
