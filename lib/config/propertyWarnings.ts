import type { KafkaProperties } from './KafkaProperties.js'
import type { DescribedCodec } from './propertyCodecs.js'
import type { UnusedProperties } from './unusedProperties.js'

/** What is known of properties: those that are read, and how, and those that have no effect, with the reason. */
export interface KnownProperties {
  readonly used: Readonly<Record<string, DescribedCodec>>
  readonly unused: UnusedProperties
}

/** A warning for each property without effect: why, or the nearest name there is. Values are never shown. */
export const propertyWarnings = (properties: KafkaProperties, { used, unused }: KnownProperties): readonly string[] => {
  const known = [...Object.keys(used), ...Object.keys(unused)]
  return Object.keys(properties).flatMap((key) => {
    if (Object.hasOwn(used, key)) return []
    if (Object.hasOwn(unused, key)) return [`Property ${key} has no effect: ${unused[key]!}.`]
    const nearest = nearestName(key, known)
    return [
      `Property ${key} is not known and has no effect.${nearest === undefined ? '' : ` Did you mean ${nearest}?`}`,
    ]
  })
}

/** The known name with the fewest edits, when these are few. */
const nearestName = (key: string, known: readonly string[]): string | undefined => {
  const [nearest] = known.map((name) => [name, editDistance(key, name)] as const).sort(([, a], [, b]) => a - b)
  return nearest !== undefined && nearest[1] <= key.length / 4 ? nearest[0] : undefined
}

/** Levenshtein's, row by row. */
const editDistance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    row = next
  }
  return row[b.length]!
}
