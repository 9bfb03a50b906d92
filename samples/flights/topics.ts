import { concatMap, map, type Observable, of } from 'rxjs'
import { type KafkaAdmin, latestOffset, TopicPartition } from '../../lib/index.js'

export const FLIGHTS = 'flights'
export const BY_ROUTE = 'flights-by-route'
export const REJECTED = 'flights-rejected'

/** Creates what is not there yet. */
export const createTopics = (admin: KafkaAdmin): Observable<void> => {
  const wanted = [
    { topic: FLIGHTS, partitions: 4 },
    { topic: BY_ROUTE, partitions: 4 },
    { topic: REJECTED, partitions: 1 },
  ]
  return admin.describeTopics(wanted.map(({ topic }) => topic)).pipe(
    concatMap((existing) => {
      const missing = wanted.filter(({ topic }) => !existing.some(({ name }) => name === topic))
      return missing.length === 0 ? of(undefined) : admin.createTopics(missing)
    }),
  )
}

/** The end offsets of a topic's partitions. */
export const endOffsets = (admin: KafkaAdmin, topic: string): Observable<ReadonlyMap<string, number>> =>
  admin.describeTopics([topic]).pipe(
    concatMap(([description]) =>
      admin.listOffsets(
        (description?.partitions ?? []).map(({ partition }) => [new TopicPartition(topic, partition), latestOffset]),
        'read_uncommitted',
      ),
    ),
  )

/** How many records were ever written to a topic without transactions. */
export const totalOf = (admin: KafkaAdmin, topic: string): Observable<number> =>
  endOffsets(admin, topic).pipe(map((ends) => [...ends.values()].reduce((sum, end) => sum + end, 0)))

/** How many records of a topic a group has still to read, by what it has committed. */
export const lagOf = (admin: KafkaAdmin, topic: string, groupId: string): Observable<number> =>
  endOffsets(admin, topic).pipe(
    concatMap((ends) => {
      const partitions = [...ends.keys()].map((_, partition) => new TopicPartition(topic, partition))
      return admin
        .committedOffsets(groupId, partitions)
        .pipe(map((committed) => [...ends].reduce((lag, [key, end]) => lag + end - (committed.get(key) ?? 0), 0)))
    }),
  )
