import { KafkaError } from '../client/KafkaError.js'

/**
 * The socket opened or not: nobody let us in.
 *
 * @param advertised the brokers gave the address
 */
export const setupOverdue = (broker: string, ms: number, advertised = false): KafkaError =>
  new KafkaError({
    _tag: 'Connection',
    retriable: true,
    message:
      `No connection to broker ${broker} could be made within ${Math.round(ms)} ms (socket.connection.setup.timeout.ms): it is ` +
      'unreachable, overloaded, or what listens there is no Kafka broker or expects TLS (security.protocol).' +
      (advertised ? ' The brokers gave this address (advertised.listeners): check that clients can reach it.' : ''),
  })

/**
 * The peer does not speak Kafka's protocol. What it sent is not understood from there on, so the connection is closed.
 *
 * @param cause its message completes "The peer sent …"
 */
export const notKafka = (broker: string, cause: unknown): KafkaError =>
  new KafkaError({
    _tag: 'Connection',
    retriable: true,
    message:
      `The peer at ${broker} sent ${messageOf(cause)}, where an answer of a Kafka broker was expected. The connection was closed. Check that ` +
      'the address is that of a Kafka broker, and security.protocol that of its listener. An answer that is right and so large ' +
      'needs a larger receive.message.max.bytes.',
    cause,
  })

/** An answer that cannot be decoded. The request may have had its effect. */
export const unreadableAnswer = (broker: string, api: string, cause: unknown): KafkaError =>
  new KafkaError({
    _tag: 'Connection',
    retriable: true,
    api,
    message: `The answer of broker ${broker} to ${api} cannot be read, and its connection was closed: ${messageOf(cause)}`,
    cause,
  })

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
