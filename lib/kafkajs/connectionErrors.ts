import { KafkaError } from '../client/KafkaError.js'

/** @param broker host:port */
export const connectionLost = (broker: string, why: string): KafkaError =>
  new KafkaError({
    _tag: 'Connection',
    retriable: true,
    message: `The connection to broker ${broker} is lost: ${why}. What was in flight may or may not have had its effect.`,
  })

/** The socket opened or not: nobody let us in. */
export const setupOverdue = (broker: string, ms: number): KafkaError =>
  new KafkaError({
    _tag: 'Connection',
    retriable: true,
    message:
      `No connection to broker ${broker} could be made within ${Math.round(ms)} ms (socket.connection.setup.timeout.ms): it is ` +
      'unreachable, overloaded, or what listens there is no Kafka broker or expects TLS. It is tried again with more time.',
  })

export const requestOverdue = (broker: string, api: string, ms: number): KafkaError =>
  new KafkaError({
    _tag: 'Timeout',
    retriable: true,
    api,
    message:
      `Broker ${broker} did not answer ${api} within ${ms} ms; it may be overloaded or unreachable. ` +
      'The request may or may not have had its effect. Raise request.timeout.ms if this is its usual speed.',
  })

/**
 * @param ours which versions we speak
 * @param theirs those of the broker; undefined when it does not know the API
 * @param advice what to do about it
 */
export const unsupportedApi = (
  broker: string,
  api: string,
  ours: string,
  theirs: { readonly minVersion: number; readonly maxVersion: number } | undefined,
  advice = 'Use Kafka 2.3 or newer.',
): KafkaError => {
  const spoken =
    theirs === undefined ? 'does not know it' : `speaks versions ${theirs.minVersion} to ${theirs.maxVersion}`
  return new KafkaError({
    _tag: 'Unsupported',
    api,
    message: `Broker ${broker} cannot be asked ${api}: ${ours}, the broker ${spoken}. ${advice}`,
  })
}
