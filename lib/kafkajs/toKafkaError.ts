import { KafkaError } from '../client/KafkaError.js'
import { socketFailure, type SocketFacts } from './socketFailure.js'

/** What an error was met at, for its message. */
export interface ErrorFacts extends SocketFacts {
  readonly api?: string | undefined
}

/** An error of the socket, or of what opened it, by its kind. What is a {@link KafkaError} already passes. */
export const toKafkaError = (error: unknown, facts: ErrorFacts = {}): KafkaError => {
  if (error instanceof KafkaError) return error
  const { api, broker } = facts
  const where = broker === undefined ? '' : ` to broker ${broker}`
  const what = api === undefined ? `The connection${where}` : `${api}${where}`
  return new KafkaError({
    ...socketFailure(error instanceof Error ? error : new Error(String(error)), what, facts),
    api,
    cause: error,
  })
}
