import type { KafkaProperties } from './KafkaProperties.js'

/** A warning for each property that nobody reads, with the nearest name there is. */
export const unknownProperties = (properties: KafkaProperties, known: readonly string[]): readonly string[] =>
  Object.keys(properties)
    .filter((key) => !known.includes(key))
    .map((key) => {
      const nearest = nearestName(key, known)
      return `Property ${key} is not known and has no effect.${nearest === undefined ? '' : ` Did you mean ${nearest}?`}`
    })

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
