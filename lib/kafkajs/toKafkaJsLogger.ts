import type { Logger } from '../client/KafkaConfig.js'
import type { KafkaJsLogger } from './internals.js'

/**
 * kafkajs's log lines on our logger, one level of importance lower: it logs an error for each lost connection, but what is
 * lost comes back to us as an error as well, and we mend it or report it.
 */
export const toKafkaJsLogger = (logger: Logger | undefined): KafkaJsLogger => {
  const bridge: KafkaJsLogger = {
    namespace: () => bridge,
    debug: () => {},
    info: (message, extra) => logger?.debug(`kafkajs: ${message}`, extra),
    warn: (message, extra) => logger?.debug(`kafkajs: ${message}`, extra),
    error: (message, extra) => logger?.debug(`kafkajs: ${message}`, extra),
  }
  return bridge
}
