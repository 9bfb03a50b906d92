import { isKafkaError, KafkaError } from '../client/KafkaError.js'

/** Whatever was thrown, as a {@link KafkaError}. What is one passes; anything else, such as an error of a codec, ends a producer. */
export const toKafkaError = (error: unknown, api: string): KafkaError =>
  isKafkaError(error)
    ? error
    : new KafkaError({
        _tag: 'IllegalState',
        message: `${api} failed before it was sent: ${error instanceof Error ? error.message : String(error)}`,
        fatal: true,
        api,
        cause: error,
      })
