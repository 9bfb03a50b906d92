const SHOWN = 10

/** Names in a line of a log: `t-0, t-1`, of many the first ones, and how many more there are. */
export const listOf = (names: readonly string[]): string =>
  names.length <= SHOWN ? names.join(', ') : `${names.slice(0, SHOWN).join(', ')} and ${names.length - SHOWN} more`
