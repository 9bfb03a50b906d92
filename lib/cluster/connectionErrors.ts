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
