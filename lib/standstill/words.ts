/** A duration for people, from ms: `0.4 s`, `12 s`, `15 min`. */
export const duration = (ms: number): string => {
  if (ms < 1000) return `${Math.round(ms / 100) / 10} s`
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`
}

/** The first few of many names: `a, b, c and 97 more`. */
export const listed = (names: readonly string[], most = 3): string =>
  names.length <= most + 1 ? names.join(', ') : `${names.slice(0, most).join(', ')} and ${names.length - most} more`
