import { describedType } from '../../checks/described.js'
import { isThenable } from '../../checks/isThenable.js'
import { KafkaError } from '../../client/KafkaError.js'

/** Refuses what a serializer has given in the place of a record; what is wrong in a record is the producer's to see. */
export const checkSerialized = (given: unknown): void => {
  const late = isThenable(given)
  if (typeof given === 'object' && !late) return
  const advice = late
    ? 'It has to answer at once: asynchronous work belongs before the sink, into mapAsync(project, { concurrency }).'
    : 'It gives a record { topic, value, … } for each element, or null to drop it.'
  throw new KafkaError({
    _tag: 'InvalidRecord',
    message: `A record cannot be written: the serializer gave ${describedType(given)}. ${advice}`,
  })
}
