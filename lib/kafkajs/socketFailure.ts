import type { KafkaConfig } from '../client/KafkaConfig.js'
import type { KafkaErrorInfo } from '../client/KafkaError.js'

/** How a connection was made, as far as it explains why it failed. */
export interface SocketFacts {
  /** host:port */
  readonly broker?: string | undefined
  readonly settings?: Pick<KafkaConfig, 'tls' | 'sasl'> | undefined
  /** its address came from the cluster, and does not stand in `bootstrap.servers` */
  readonly advertised?: boolean | undefined
  /** the broker has answered nothing on it but what a listener answers before a login */
  readonly fresh?: boolean | undefined
}

type Failure = Pick<KafkaErrorInfo, '_tag' | 'message' | 'retriable'>

/**
 * What a failure of a socket means, and what to do, in the words of Kafka's properties. `what` begins the sentence: `Fetch to broker
 * b:9092`. What OpenSSL says is shortened to its reason.
 */
export const socketFailure = (error: Error, what: string, facts: SocketFacts = {}): Failure => {
  const reason = reasonOf(error)
  const found = failures.find(({ when }) => when.test(`${codeOf(error)} ${reason}`))
  const { _tag, advice } = found ?? unexplained
  return {
    _tag,
    ...(_tag === 'Connection' ? { retriable: true } : {}),
    message: `${what} failed: ${reason}. ${advice(facts)}`,
  }
}

interface Known {
  /** of the code and the reason */
  readonly when: RegExp
  readonly _tag: Failure['_tag']
  readonly advice: (facts: SocketFacts) => string
}

const failures: readonly Known[] = [
  {
    when: /ALERT_(BAD_CERTIFICATE|CERTIFICATE|UNKNOWN_CA|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED|DECRYPT_ERROR)|13_ALERT_CERT/,
    _tag: 'Authentication',
    advice: ({ settings }) =>
      settings?.tls?.cert === undefined
        ? 'The listener wants a certificate of this client (ssl.client.auth=required on the broker), and none is set: set ' +
          'ssl.keystore.location to a PEM file, or ssl.keystore.certificate.chain and ssl.keystore.key.'
        : 'The broker does not accept the certificate of this client (ssl.keystore.location or ssl.keystore.certificate.chain): ' +
          'its truststore must hold the authority that signed it, and it must not have expired.',
  },
  {
    when: /ALERT_HANDSHAKE_FAILURE/,
    _tag: 'Connection',
    advice: () =>
      'The broker refuses the handshake of TLS: it may want a certificate of this client (ssl.client.auth, ssl.keystore.location), or ' +
      'share no cipher and no version with it (ssl.enabled.protocols).',
  },
  {
    when: /ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE|ALERT_INSUFFICIENT_SECURITY|NO_SHARED_CIPHER/,
    _tag: 'Authentication',
    advice: () => 'Both sides must share a version of TLS: compare ssl.enabled.protocols here and on the broker.',
  },
  {
    when: /WRONG_VERSION_NUMBER|PACKET_LENGTH|HTTP_REQUEST|before secure TLS connection/,
    _tag: 'Connection',
    advice: ({ settings }) =>
      'The listener at this port may have no TLS: set security.protocol to ' +
      `${settings?.sasl === undefined ? 'PLAINTEXT' : 'SASL_PLAINTEXT'}, or use the port of an ${protocolOf(settings)} listener.`,
  },
  {
    when: /ALTNAME|Hostname\/IP does not match/,
    _tag: 'Authentication',
    advice: () =>
      'The certificate of the broker is for other names. Use a name that stands in it (bootstrap.servers, advertised.listeners of the ' +
      'broker), or set ssl.endpoint.identification.algorithm to nothing to believe any name.',
  },
  {
    when: /CERT_(HAS_EXPIRED|NOT_YET_VALID)/,
    _tag: 'Authentication',
    advice: () =>
      'The certificate of the broker is not valid today: renew it on the broker, or set the clock of this machine.',
  },
  {
    when: /CERT|ERR_TLS|UNABLE_TO_(GET|VERIFY)|certificate/,
    _tag: 'Authentication',
    advice: () =>
      'The certificate of the broker is not trusted: ssl.truststore.location (a PEM file) or ssl.truststore.certificates must hold the ' +
      'authority that signed it.',
  },
  {
    when: /ENOTFOUND|EAI_AGAIN/,
    _tag: 'Connection',
    advice: ({ advertised }) =>
      advertised === true
        ? 'The name does not resolve here. The brokers gave it (advertised.listeners): a name that clients can resolve must stand there.'
        : 'The name does not resolve here. Check bootstrap.servers, and the DNS of this machine.',
  },
  {
    when: /ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EADDRNOTAVAIL/,
    _tag: 'Connection',
    advice: ({ advertised }) => `Check that the broker runs, and ${whereFrom(advertised)}.`,
  },
  {
    when: /Closed connection|ECONNRESET|EPIPE/,
    _tag: 'Connection',
    advice: ({ settings, fresh }) =>
      fresh === true && settings !== undefined && settings.sasl === undefined
        ? 'The broker closed it before it answered anything. A listener with a login does so: set security.protocol to ' +
          `${settings.tls === undefined ? 'SASL_PLAINTEXT' : 'SASL_SSL'} with sasl.mechanism and sasl.jaas.config, or use the port of ` +
          `a ${protocolOf(settings)} listener. A broker that stops does so too.`
        : 'The broker closed it: it stops, or is overloaded.',
  },
]

const unexplained: Pick<Known, '_tag' | 'advice'> = {
  _tag: 'Connection',
  advice: ({ settings, advertised }) =>
    `Check that the broker runs, ${whereFrom(advertised)}, and that its listener is ${protocolOf(settings)} (security.protocol).`,
}

const whereFrom = (advertised: boolean | undefined): string =>
  advertised === true
    ? 'that the address which the brokers gave (advertised.listeners) can be reached from here'
    : 'that bootstrap.servers is right'

const protocolOf = (settings: SocketFacts['settings']): string => {
  if (settings === undefined) return 'the one that is set'
  if (settings.sasl === undefined) return settings.tls === undefined ? 'PLAINTEXT' : 'SSL'
  return settings.tls === undefined ? 'SASL_PLAINTEXT' : 'SASL_SSL'
}

const codeOf = (error: Error & { readonly code?: unknown }): string =>
  typeof error.code === 'string' ? error.code : ''

/** kafkajs's prefix and OpenSSL's source lines say nothing to a user: `sslv3 alert bad certificate` does. */
const reasonOf = ({ message }: Error): string => {
  const text = message.replace(/^(Connection error|Failed to connect): /, '').trim()
  return /:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+)/.exec(text)?.[1] ?? text
}
