import type { KafkaConfig } from '../client/KafkaConfig.js'

/**
 * Who the brokers take us for, as far as the settings tell; undefined when a certificate or a token says it. Brokers may map names
 * otherwise (`principal.builder.class`).
 */
export const principalOf = ({ sasl, tls }: Pick<KafkaConfig, 'sasl' | 'tls'>): string | undefined => {
  if (sasl !== undefined) return 'username' in sasl ? `User:${sasl.username}` : undefined
  return tls?.cert === undefined ? 'User:ANONYMOUS' : undefined
}
