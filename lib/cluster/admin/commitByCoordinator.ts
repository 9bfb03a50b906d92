import { catchError, concatMap, defer, map, type Observable, of, throwError } from 'rxjs'
import { isKafkaError, type KafkaError } from '../../client/KafkaError.js'
import type { RefusedOffsets } from '../../client/KafkaAdmin.js'
import type { Offset } from '../../client/Offset.js'
import { type TopicPartition, topicPartitionKey } from '../../client/TopicPartition.js'
import { offsetCommitApi, type OffsetCommitPartition } from '../../protocol/requests/offsetCommit.js'
import type { Cluster } from '../Cluster.js'
import { retryTransient } from '../retryTransient.js'
import { askCoordinator } from './askCoordinator.js'
import { ErrorCodes } from '../../protocol/errorCodes.js'

/**
 * Commits to a group without members. A coordinator takes or refuses each partition by itself, so a refusal concerns that
 * partition only: the others are committed, and are not sent again.
 *
 * A partition that the coordinator does not know may be new, or gone; metadata says which. A new one is tried again, one
 * that is gone is refused for good: no retry brings it back.
 */
export const commitByCoordinator = (
  cluster: Cluster,
  groupId: string,
  offsets: readonly (readonly [TopicPartition, Offset])[],
): Observable<RefusedOffsets> =>
  defer(() => {
    const refused = new Map<string, KafkaError>()
    let open: readonly OffsetCommitPartition[] = offsets.map(([{ topic, partition }, offset]) => ({
      topic,
      partition,
      offset,
    }))

    const refuse = ({ topic, partition }: OffsetCommitPartition, code: number): void => {
      const error = cluster.brokerError(code, { api: offsetCommitApi.apiName, topic, partition, groupId })
      refused.set(topicPartitionKey({ topic, partition }), error)
    }

    const look = (unknown: readonly OffsetCommitPartition[]): Observable<RefusedOffsets> =>
      partitionCounts(cluster, unknown).pipe(
        map((there) => {
          open = unknown.filter(({ topic, partition }) => partition < (there.get(topic) ?? 0))
          for (const asked of unknown) if (!open.includes(asked)) refuse(asked, ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION)
          const [first] = open
          if (first === undefined) return refused
          throw cluster.brokerError(ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION, {
            api: offsetCommitApi.apiName,
            groupId,
            ...first,
          })
        }),
      )

    const commit = (): Observable<RefusedOffsets> =>
      ask(cluster, groupId, open).pipe(
        concatMap((codes) => {
          const codeOf = (asked: OffsetCommitPartition): number =>
            codes.get(topicPartitionKey(asked)) ?? ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION
          for (const asked of open)
            if (![0, ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION].includes(codeOf(asked))) refuse(asked, codeOf(asked))
          open = open.filter((asked) => codeOf(asked) === ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION)
          return open.length === 0 ? of(refused) : look(open)
        }),
      )

    return retryTransient(cluster, commit).pipe(
      catchError((error: unknown) => {
        // What is new, and not known to the coordinator by now, holds nobody up either.
        if (!isKafkaError(error) || error.code !== ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION) return throwError(() => error)
        for (const asked of open) refuse(asked, ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION)
        return of(refused)
      }),
    )
  })

/** The error code of each partition; errors with what concerns the group as a whole. */
const ask = (
  cluster: Cluster,
  groupId: string,
  partitions: readonly OffsetCommitPartition[],
): Observable<ReadonlyMap<string, number>> =>
  askCoordinator(
    cluster,
    offsetCommitApi.apiName,
    groupId,
    (nodeId) =>
      cluster
        .send(nodeId, 'control', offsetCommitApi, { groupId, partitions })
        .pipe(map((answer) => answer.partitions)),
    (code) => ofPartition.has(code),
  ).pipe(map((answers) => new Map(answers.map((answer) => [topicPartitionKey(answer), answer.errorCode]))))

const partitionCounts = (
  cluster: Cluster,
  partitions: readonly OffsetCommitPartition[],
): Observable<ReadonlyMap<string, number>> =>
  cluster.describeTopics([...new Set(partitions.map(({ topic }) => topic))]).pipe(
    map(({ topics }) => {
      const unsure = topics.find(
        ({ errorCode }) => errorCode !== 0 && errorCode !== ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION,
      )
      if (unsure !== undefined) throw cluster.brokerError(unsure.errorCode, { api: 'Metadata', topic: unsure.topic })
      return new Map(topics.map((topic) => [topic.topic, topic.partitions.length]))
    }),
  )

/** All else is of the group. */
const ofPartition: ReadonlySet<number> = new Set([
  ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCodes.OFFSET_METADATA_TOO_LARGE,
  ErrorCodes.INVALID_TOPIC_EXCEPTION,
  ErrorCodes.INVALID_COMMIT_OFFSET_SIZE,
  ErrorCodes.TOPIC_AUTHORIZATION_FAILED,
])
