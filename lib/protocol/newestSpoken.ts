import { KafkaError } from '../client/KafkaError.js'
import type { ApiVersionRange } from './requests/apiVersions.js'
import type { KafkaApi } from './requests/KafkaApi.js'

/** What a broker speaks, by API key. */
export type SpokenVersions = ReadonlyMap<number, ApiVersionRange>

/**
 * The newest version of ours that the broker speaks.
 *
 * @param broker host:port, for errors
 * @throws KafkaError `Unsupported` when it speaks none
 */
export const newestSpoken = <Q, R>(broker: string, versions: SpokenVersions, api: KafkaApi<Q, R>): KafkaApi<Q, R> => {
  const { apiKey, apiVersion, older } = api
  const range = versions.get(apiKey)
  if (range !== undefined && apiVersion >= range.minVersion && apiVersion <= range.maxVersion) return api
  if (older !== undefined) return newestSpoken(broker, versions, older)
  throw unsupportedApi(broker, api, range)
}

const unsupportedApi = <Q, R>(
  broker: string,
  { apiName, apiVersion, advice = 'Use Kafka 2.3 or newer.' }: KafkaApi<Q, R>,
  theirs: ApiVersionRange | undefined,
): KafkaError => {
  const spoken =
    theirs === undefined ? 'does not know it' : `speaks versions ${theirs.minVersion} to ${theirs.maxVersion}`
  return new KafkaError({
    _tag: 'Unsupported',
    api: apiName,
    message: `Broker ${broker} cannot be asked ${apiName}: we speak ${apiVersion}, the broker ${spoken}. ${advice}`,
  })
}
