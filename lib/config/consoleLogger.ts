import type { Logger } from '../client/KafkaConfig.js'

const silent = (): void => undefined

/** The default: warnings and errors on the console, the rest unsaid. */
export const consoleLogger: Logger = {
  debug: silent,
  info: silent,
  warn: (message) => console.warn(message),
  error: (message) => console.error(message),
}
