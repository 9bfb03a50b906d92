import type { ConfigError } from './ConfigError.js'
import type { KafkaProperties } from './KafkaProperties.js'
import { nearestName } from './nearestName.js'
import { decodeProperty, type PropertyCodec } from './propertyCodecs.js'

/** Reads properties one by one and gathers every fault, so that a user meets them all at once. */
export class PropertyReader {
  readonly errors: ConfigError[] = []
  private readonly asked = new Set<string>()

  constructor(private readonly properties: KafkaProperties) {}

  /** The decoded value; `otherwise` when it is not set or faulty. A faulty one is noted. */
  read<A, B>(key: string, codec: PropertyCodec<A>, otherwise: B): A | B {
    this.asked.add(key)
    const value = this.properties[key]
    if (value === undefined) return otherwise
    const decoded = decodeProperty(codec, value)
    if (decoded._tag === 'Right') return decoded.right
    const shown = isSecret(key) ? '' : `, not ${JSON.stringify(value)}`
    this.fault(key, `Property ${key} must be ${decoded.left}${shown}.`)
    return otherwise
  }

  fault(key: string, message: string): void {
    const value = this.properties[key]
    this.errors.push(value === undefined || isSecret(key) ? { key, message } : { key, value, message })
  }

  /** What was set and never read, in words: unknown, or known to Kafka and without a meaning here. */
  unread(meaningless: Readonly<Record<string, string>>): readonly string[] {
    const known = [...this.asked, ...Object.keys(meaningless)]
    return Object.keys(this.properties)
      .filter((key) => !this.asked.has(key))
      .map((key) => {
        const reason = meaningless[key]
        if (reason !== undefined) return `Property ${key} has no effect: ${reason}`
        const nearest = nearestName(key, known)
        return `Property ${key} is not known${nearest === undefined ? '.' : `; did you mean ${nearest}?`}`
      })
  }
}

const isSecret = (key: string): boolean => /password|jaas|secret|token|\.key$/.test(key)
