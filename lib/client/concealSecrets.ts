import type { SaslConfig, TlsConfig } from './KafkaConfig.js'

/** Node's `util.inspect.custom`, which `console.log` asks. */
export const inspectCustom: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

/**
 * The same settings, whose passwords and keys are read by name and never printed: `console.log`, `util.inspect` and `JSON.stringify`
 * show `[hidden]` in their place, at any depth of an object that holds the settings.
 */
export const concealSecrets = <
  C extends { readonly tls?: TlsConfig | undefined; readonly sasl?: SaslConfig | undefined },
>(
  config: C,
): C => ({
  ...config,
  ...(config.tls === undefined ? {} : { tls: concealed(config.tls, isSecretOfTls) }),
  ...(config.sasl === undefined ? {} : { sasl: concealed(config.sasl, isSecretOfSasl) }),
})

/** A key store in PEM holds the private key beside the certificate, so `cert` may be one too. */
const isSecretOfTls = (key: string): boolean => ['cert', 'key', 'passphrase'].includes(key)

/** What a mechanism is given is its own: only who logs in, and how, is known to be no secret. */
const isSecretOfSasl = (key: string): boolean => !['mechanism', 'username', 'token', 'authenticate'].includes(key)

/** What prints is not a property: it stays behind where the settings are spread, and the values do not. */
const concealed = <T extends object>(settings: T, isSecret: (key: string) => boolean): T => {
  const shown = (): object =>
    Object.fromEntries(
      Object.entries(settings).map(([key, value]: [string, unknown]) => [
        key,
        isSecret(key) && value !== undefined ? '[hidden]' : value,
      ]),
    )
  return Object.defineProperties({ ...settings }, { toJSON: { value: shown }, [inspectCustom]: { value: shown } })
}
