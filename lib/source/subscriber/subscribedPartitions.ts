import { defer, from, map, type Observable, take, throwIfEmpty } from 'rxjs'
import { described, describedType } from '../../checks/described.js'
import type { KafkaAdmin } from '../../client/KafkaAdmin.js'
import { TopicPartition } from '../../client/TopicPartition.js'
import { SourceError } from '../SourceError.js'
import type { KafkaSubscriber } from './KafkaSubscriber.js'
import { memberOf } from '../../checks/memberOf.js'

/** Asks a subscriber, which may be a user's own, for its partitions, and checks what it answers. */
export const subscribedPartitions = (
  subscriber: KafkaSubscriber,
  admin: KafkaAdmin,
): Observable<readonly TopicPartition[]> =>
  defer(() => from(subscriber.partitions(admin))).pipe(
    take(1),
    throwIfEmpty(() => invalid(subscriber, 'completed without an answer')),
    map((answer: unknown) => {
      if (!Array.isArray(answer)) throw invalid(subscriber, `answered ${describedType(answer)}`)
      return answer.map((given: unknown) => partitionOf(subscriber, given))
    }),
  )

const partitionOf = (subscriber: KafkaSubscriber, given: unknown): TopicPartition => {
  const [topic, partition] = [memberOf(given, 'topic'), memberOf(given, 'partition')]
  if (typeof topic !== 'string' || typeof partition !== 'number' || !Number.isInteger(partition) || partition < 0)
    throw invalid(subscriber, `answered the partition ${described(partition)} of the topic ${described(topic)}`)
  return given instanceof TopicPartition ? given : new TopicPartition(topic, partition)
}

const invalid = ({ name }: KafkaSubscriber, what: string): SourceError =>
  new SourceError(
    'InvalidPartition',
    `The subscriber ${name} ${what}. It emits one array of { topic, partition }, partitions numbered from 0.`,
  )
