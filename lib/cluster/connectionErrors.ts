import { KafkaError } from '../client/KafkaError.js'

/**
 * The connection broke, or was closed.
 *
 * @param broker host:port
 * @param why a clause: `it was closed`
 */
export const connectionLost = (broker: string, why: string): KafkaError =>
  new KafkaError({
    _tag: 'Connection',
    retriable: true,
    message: `The connection to broker ${broker} is lost: ${why}. What was in flight may or may not have had its effect.`,
  })

/** No answer came within `request.timeout.ms`. */
export const requestOverdue = (broker: string, api: string, ms: number): KafkaError =>
  new KafkaError({
    _tag: 'Timeout',
    retriable: true,
    api,
    message:
      `Broker ${broker} did not answer ${api} within ${ms} ms; it may be overloaded or unreachable. ` +
      'The request may or may not have had its effect. Raise request.timeout.ms if this is its usual speed.',
  })

/** Nothing more is sent. */
export const clientClosed = (): KafkaError =>
  new KafkaError({ _tag: 'Connection', retriable: false, message: 'The client is closed. Connect again.' })

/** No member of the cluster and no bootstrap server let us in. @param failure of the last one that was tried */
export const noneReached = (failure: KafkaError | undefined): KafkaError =>
  new KafkaError({
    _tag: 'Connection',
    retriable: true,
    message: `No broker can be reached. The last one tried: ${failure?.message ?? ''}`,
    cause: failure,
  })

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
