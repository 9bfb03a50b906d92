import { KafkaError, type KafkaErrorInfo } from '../client/KafkaError.js'

/** What an error was met at, for its message. */
export interface ErrorFacts {
  readonly api?: string | undefined
  /** host:port */
  readonly broker?: string | undefined
}

/** An error of the socket, or of what opened it, by its kind. What is a {@link KafkaError} already passes. */
export const toKafkaError = (error: unknown, facts: ErrorFacts = {}): KafkaError => {
  if (error instanceof KafkaError) return error
  return new KafkaError({
    ...describe(error instanceof Error ? error : new Error(String(error)), facts),
    ...(facts.api === undefined ? {} : { api: facts.api }),
    cause: error,
  })
}

const describe = (error: Error, { api, broker }: ErrorFacts): KafkaErrorInfo => {
  const where = broker === undefined ? '' : ` to broker ${broker}`
  const what = api === undefined ? `The connection${where}` : `${api}${where}`
  return isCertificateError(error)
    ? {
        _tag: 'Authentication',
        message: `${what} failed: TLS verification says "${error.message}". Check the certificates (ca, servername) of the tls settings.`,
      }
    : {
        _tag: 'Connection',
        retriable: true,
        message: `${what} failed: ${error.message}. Check that the broker runs, that bootstrap.servers is right, and that both sides agree on TLS.`,
      }
}

const isCertificateError = ({ code, message }: Error & { readonly code?: unknown }): boolean =>
  (typeof code === 'string' && /CERT|ERR_TLS|UNABLE_TO_(GET|VERIFY)/.test(code)) ||
  /certificate|Hostname\/IP does not match/.test(message)
