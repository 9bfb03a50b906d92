import { catchError, concatMap, defer, map, type Observable, of, throwError } from 'rxjs'
import { isTransient } from '../../client/isTransient.js'
import { isKafkaError, type KafkaError } from '../../client/KafkaError.js'
import { topicPartitionKey } from '../../client/TopicPartition.js'
import type { KafkaApi } from '../../protocol/requests/KafkaApi.js'
import { allOf } from '../../scheduling/allOf.js'
import type { Cluster } from '../Cluster.js'
import { noAnswer } from '../noAnswer.js'
import { retryTransient } from '../retryTransient.js'
import { ErrorCodes } from '../../protocol/errorCodes.js'

interface Partition {
  readonly topic: string
  readonly partition: number
}

/** What a leader answers about one of its partitions. */
interface PartitionAnswer extends Partition {
  readonly errorCode: number
  readonly errorMessage?: string | null
}

/**
 * Asks about partitions, one request per leader. Those whose leader moved or is lost are asked about again, alone, with fresh
 * metadata; the others keep their answer. Emits once, when all have one.
 *
 * @param requestFor the request to the leader of these partitions; `currentLeaderEpoch` is the one known of each
 * @param take gets each answer that is no error; false: it says nothing that the partition can have
 */
export const askLeaders = <P extends Partition, Q, A extends PartitionAnswer>(
  cluster: Cluster,
  api: KafkaApi<Q, { readonly partitions: readonly A[] }>,
  partitions: readonly P[],
  requestFor: (partitions: readonly (P & { readonly currentLeaderEpoch: number })[]) => Q,
  take: (answer: A) => boolean,
): Observable<void> =>
  defer(() => {
    const open = new Map(partitions.map((partition) => [topicPartitionKey(partition), partition]))

    const askLeader = (nodeId: number, request: Q, asked: readonly P[]): Observable<readonly KafkaError[]> =>
      cluster.send(nodeId, 'control', api, request).pipe(
        map((answer) => {
          const errors = answer.partitions.flatMap((one) => {
            const { topic, partition, errorCode, errorMessage } = one
            if (errorCode !== 0)
              return [cluster.brokerError(errorCode, { api: api.apiName, topic, partition, detail: errorMessage })]
            if (take(one)) open.delete(topicPartitionKey(one))
            return []
          })
          const unanswered = asked.filter((one) => open.has(topicPartitionKey(one)))
          return errors.length > 0
            ? errors
            : unanswered.map(({ topic, partition }) =>
                noAnswer(`Broker ${nodeId}`, {
                  ...{ api: api.apiName, what: `partition ${topic}-${partition}`, topic, partition },
                }),
              )
        }),
        catchError((error: unknown) => (isKafkaError(error) ? of([error]) : throwError(() => error))),
      )

    return retryTransient(cluster, () =>
      byLeader(cluster, api.apiName, [...open.values()]).pipe(
        concatMap(({ leaders, leaderless }) =>
          allOf([...leaders].map(([nodeId, asked]) => askLeader(nodeId, requestFor(asked), asked))).pipe(
            concatMap((answers) => {
              const errors = answers.flat()
              const failure = errors.find((error) => !isTransient(error)) ?? errors[0] ?? leaderless[0]
              if (failure === undefined) return of(undefined)
              if (!isTransient(failure)) return throwError(() => failure)
              return cluster.refreshMetadata([]).pipe(concatMap(() => throwError(() => failure)))
            }),
          ),
        ),
      ),
    )
  })

interface ByLeader<P> {
  readonly leaders: ReadonlyMap<number, readonly (P & { readonly currentLeaderEpoch: number })[]>
  /** one error for each partition that has no leader */
  readonly leaderless: readonly KafkaError[]
}

const byLeader = <P extends Partition>(cluster: Cluster, api: string, asked: readonly P[]): Observable<ByLeader<P>> => {
  const unknown = asked.filter(({ topic, partition }) => cluster.leaderOf(topic, partition) === undefined)
  const known = defer(() => of(grouped(cluster, api, asked)))
  return unknown.length === 0
    ? known
    : cluster.refreshMetadata(unknown.map(({ topic }) => topic)).pipe(concatMap(() => known))
}

const grouped = <P extends Partition>(cluster: Cluster, api: string, asked: readonly P[]): ByLeader<P> => {
  const leaders = new Map<number, (P & { readonly currentLeaderEpoch: number })[]>()
  const leaderless: KafkaError[] = []
  for (const one of asked) {
    const { topic, partition } = one
    const leader = cluster.leaderOf(topic, partition)
    if (leader === undefined) {
      const exists = partition < (cluster.partitionCount(topic) ?? 0)
      const code = exists ? ErrorCodes.LEADER_NOT_AVAILABLE : ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION
      leaderless.push(cluster.brokerError(code, { api, topic, partition }))
      continue
    }
    const entry = { ...one, currentLeaderEpoch: leader.leaderEpoch }
    const sameLeader = leaders.get(leader.nodeId)
    if (sameLeader === undefined) leaders.set(leader.nodeId, [entry])
    else sameLeader.push(entry)
  }
  return { leaders, leaderless }
}
