import { recognizeAcrossCopies } from '../errors/recognizeAcrossCopies.js'

/** One setting that cannot work. */
export interface ConfigError {
  /** the property, or the builder's setting */
  readonly key: string
  /** what was given, as text; undefined when nothing was, and hidden when it may be a secret */
  readonly value?: string | undefined
  /** What is wrong with it and what to do. It never holds the value of a secret. */
  readonly message: string
}

/** A fault of `key`. The value is hidden when the key says that it may be a secret. */
export const configError = (key: string, message: string, value?: unknown): ConfigError => ({
  key,
  value: value === undefined || value === null ? undefined : isSecret(key) ? '[hidden]' : asText(value),
  message,
})

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** Passwords, keys, tokens, and `sasl.jaas.config`, which holds a password. */
export const isSecret = (key: string): boolean => /password|secret|token|jaas|\.key$|passphrase/i.test(key)

/**
 * What `build()` throws: all faults at once. Never retriable.
 *
 * @example
 * ```ts
 * try {
 *   KafkaSource.builder().setTopics('flights').build()
 * } catch (error) {
 *   if (error instanceof InvalidConfigError) console.log(error.errors.map(({ key }) => key)) // ['bootstrap.servers', 'deserializer']
 * }
 * ```
 */
export class InvalidConfigError extends Error {
  static {
    recognizeAcrossCopies(this, 'InvalidConfigError')
  }

  /** The name of the class, also where the program is minified. */
  override readonly name = 'InvalidConfigError'
  /** The only kind: settings that cannot work. */
  readonly _tag = 'Config'
  /** The same settings fail again, so {@link restart} does not try. */
  readonly retriable = false

  constructor(
    /** all faults, in the order in which they were found; never empty */
    readonly errors: readonly ConfigError[],
  ) {
    super(
      errors.length === 1
        ? errors[0]!.message
        : [`${errors.length} settings cannot work:`, ...errors.map(line)].join('\n'),
    )
  }
}

const line = ({ message }: ConfigError): string => `- ${message}`
