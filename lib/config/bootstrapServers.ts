import * as either from 'fp-ts/lib/Either.js'
import type { BrokerAddress } from '../client/KafkaConfig.js'
import { type ConfigError, configError } from './ConfigError.js'

const KEY = 'bootstrap.servers'

/** `host:port`, `[2001:db8::1]:9092`, `PROTOCOL://host:port`: as Kafka reads them. */
const ADDRESS = /^(?:[A-Za-z][\w+.-]*:\/\/)?(?:\[([0-9A-Fa-f:.%\w]+)\]|([^\s:[\]/]+)):(\d+)$/

/** The addresses of `bootstrap.servers`, divided by commas, IPv6 hosts without their brackets; all faults at once. */
export const parseBootstrapServers = (
  text: string,
): either.Either<readonly ConfigError[], readonly BrokerAddress[]> => {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
  if (parts.length === 0) return either.left([configError(KEY, `Property ${KEY} is required but not provided`)])
  const addresses = parts.map(parseAddress)
  const faults = parts.filter((_, index) => addresses[index] === undefined)
  return faults.length === 0
    ? either.right(addresses.filter((address) => address !== undefined))
    : either.left(faults.map(invalid))
}

const parseAddress = (text: string): BrokerAddress | undefined => {
  const [, ipv6, name, port] = ADDRESS.exec(text) ?? []
  const host = ipv6 ?? name
  return host === undefined || Number(port) > 65_535 ? undefined : { host, port: Number(port) }
}

const invalid = (address: string): ConfigError =>
  configError(
    KEY,
    `Invalid url in ${KEY}: "${address}". Write host:port, an IPv6 host in brackets: [::1]:9092.`,
    address,
  )
