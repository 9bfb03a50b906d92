/** Properties of Kafka's that have no effect here, and why: the end of a sentence. */
export type UnusedProperties = Readonly<Record<string, string>>

/** The same reason for all of them. */
export const because = (reason: string, ...keys: readonly string[]): UnusedProperties =>
  Object.fromEntries(keys.map((key) => [key, reason]))
