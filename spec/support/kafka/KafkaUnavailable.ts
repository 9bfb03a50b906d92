/** No broker can be had on this machine (no Java, no Maven, nothing to download from). The message says what to install. */
export class KafkaUnavailable extends Error {
  override readonly name = 'KafkaUnavailable'
}
