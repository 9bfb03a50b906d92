import { KafkaError, type KafkaErrorInfo } from '../client/KafkaError.js'
import { brokerError } from '../protocol/brokerError.js'

/** What an error was met at, for its message. */
export interface ErrorFacts {
  readonly api?: string | undefined
  /** host:port */
  readonly broker?: string | undefined
}

interface KafkaJsErrorLike {
  readonly name: string
  readonly message: string
  readonly code?: number | string
  readonly cause?: unknown
  readonly errors?: readonly unknown[]
}

/** An error of kafkajs, or of the socket beneath it, by its kind. What is a {@link KafkaError} already passes. */
export const toKafkaError = (error: unknown, facts: ErrorFacts = {}): KafkaError => {
  if (error instanceof KafkaError) return error
  const cause = rootOf(error)
  if (cause instanceof KafkaError) return cause
  const code = codeOf(cause)
  if (code !== undefined) return brokerError(code, { api: facts.api ?? 'The connection' })
  return new KafkaError({
    ...describe(cause, facts),
    ...(facts.api === undefined ? {} : { api: facts.api }),
    cause: error,
  })
}

/** Retriers wrap the error that matters ("number of retries exceeded"), aggregates hold several of one kind. */
const rootOf = (error: unknown): KafkaJsErrorLike => {
  const seen = toErrorLike(error)
  const first = seen.errors?.[0]
  if (first !== undefined) return rootOf(first)
  const wraps = seen.name === 'KafkaJSNumberOfRetriesExceeded' || seen.name === 'KafkaJSNonRetriableError'
  return wraps && seen.cause instanceof Error ? rootOf(seen.cause) : seen
}

const toErrorLike = (error: unknown): KafkaJsErrorLike =>
  error instanceof Error ? error : { name: 'Error', message: String(error) }

/** The broker's error code. Beyond 88 kafkajs knows none, and names it in the message only. */
const codeOf = ({ code, message }: KafkaJsErrorLike): number | undefined => {
  const unknown = /^Unknown error code (-?\d+)/.exec(message)?.[1]
  if (unknown !== undefined) return Number(unknown)
  return typeof code === 'number' ? code : undefined
}

const describe = (error: KafkaJsErrorLike, { api, broker }: ErrorFacts): KafkaErrorInfo => {
  const where = broker === undefined ? '' : ` to broker ${broker}`
  const what = api === undefined ? `The connection${where}` : `${api}${where}`
  if (isCertificateError(error)) {
    return {
      _tag: 'Authentication',
      message: `${what} failed: TLS verification says "${error.message}". Check the certificates (ca, servername) of the tls settings.`,
    }
  }
  switch (error.name) {
    case 'KafkaJSSASLAuthenticationError':
      return { _tag: 'Authentication', message: `${what} failed: ${error.message}. Check mechanism and credentials.` }
    case 'KafkaJSServerDoesNotSupportApiKey':
    case 'KafkaJSNotImplemented':
      return { _tag: 'Unsupported', message: `${what} failed: ${error.message}. The broker may be too old.` }
    case 'KafkaJSRequestTimeoutError':
    case 'KafkaJSTimeout':
    case 'KafkaJSLockTimeout':
      return { _tag: 'Timeout', retriable: true, message: `${what} got no answer in time: ${error.message}.` }
    default:
      return {
        _tag: 'Connection',
        retriable: true,
        message: `${what} failed: ${error.message}. Check that the broker runs, that bootstrap.servers is right, and that both sides agree on TLS.`,
      }
  }
}

const isCertificateError = ({ code, message }: KafkaJsErrorLike): boolean =>
  (typeof code === 'string' && /CERT|ERR_TLS|UNABLE_TO_(GET|VERIFY)/.test(code)) ||
  /certificate|Hostname\/IP does not match/.test(message)
