import type { SaslConfig } from '../../client/KafkaConfig.js'
import { oauthBearerClient } from './oauthBearer.js'
import { plainClient } from './plain.js'
import type { SaslClient } from './SaslClient.js'
import { scramClient } from './scram.js'

/** A login by the mechanism that is configured. */
export const saslClientFor = (sasl: SaslConfig): SaslClient => {
  switch (sasl.mechanism) {
    case 'PLAIN':
      return plainClient(sasl)
    case 'SCRAM-SHA-256':
    case 'SCRAM-SHA-512':
      return scramClient(sasl.mechanism, sasl)
    case 'OAUTHBEARER':
      return oauthBearerClient(sasl.token)
  }
}
