import type { KafkaError } from './KafkaError.js'

/**
 * The same call, on the same client, may succeed when it is made again. What is `retriable` and `fatal` takes a new attempt: the
 * producer or transaction that has ended stays so, however often it is asked.
 */
export const isTransient = ({ retriable, fatal }: KafkaError): boolean => retriable && !fatal
