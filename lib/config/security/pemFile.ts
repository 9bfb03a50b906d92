import { readFileSync } from 'node:fs'
import * as either from 'fp-ts/lib/Either.js'
import { type ConfigError, configError } from '../ConfigError.js'
import { memberOf } from '../../checks/memberOf.js'

/** The text of a key store or trust store in PEM. Java's own formats are refused, with the way to convert them. */
export const readPemFile = (
  key: 'ssl.keystore.location' | 'ssl.truststore.location',
  file: string,
  type: string | undefined,
): either.Either<readonly ConfigError[], string> => {
  const fault = (message: string) => either.left([configError(key, message, file)])
  if (type !== undefined && type.toUpperCase() !== 'PEM') return fault(convert(key, file, type))
  try {
    const text = readFileSync(file, 'utf8')
    return text.includes('-----BEGIN ') ? either.right(text) : fault(convert(key, file, 'not PEM'))
  } catch (error) {
    return fault(`Property ${key} names ${file}, which cannot be read: ${String(memberOf(error, 'code') ?? error)}.`)
  }
}

const convert = (key: string, file: string, type: string): string => {
  const [what, store] = key === 'ssl.keystore.location' ? ['', 'keystore'] : ['-nokeys ', 'truststore']
  return (
    `Property ${key} names ${file}, which is ${type}. Only PEM files are read; convert it: keytool -importkeystore -srckeystore ` +
    `${file} -destkeystore store.p12 -deststoretype PKCS12, then openssl pkcs12 -in store.p12 ${what}-out ${store}.pem, and ` +
    `ssl.${store}.type=PEM.`
  )
}
