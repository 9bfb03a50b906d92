/*
 * JSON whose integers beyond ±2^53 are bigint. `JSON.parse` rounds them before anything can look at them (the source text of a
 * value is given to revivers from Node 21 on only), so they are made strings first, under a prefix that no string of the text has.
 */

/** As `JSON.parse`, but integers that a number does not hold exactly are bigint. */
export const parseWithBigInts = (text: string): unknown => {
  const rounded: unknown = JSON.parse(text)
  if (!MANY_DIGITS.test(text)) return rounded
  const prefix = unusedPrefix((candidate) => {
    let used = false
    JSON.parse(text, (_, value: unknown) => {
      if (typeof value === 'string' && value.startsWith(candidate)) used = true
      return value
    })
    return used
  })
  // The text is JSON, so that each of these is one of its strings or numbers.
  const marked = text.replace(STRING_OR_NUMBER, (token) =>
    INTEGER.test(token) && !Number.isSafeInteger(Number(token)) ? `"${prefix}${token}"` : token,
  )
  return JSON.parse(marked, (_, value: unknown) =>
    typeof value === 'string' && value.startsWith(prefix) ? BigInt(value.slice(prefix.length)) : value,
  )
}

/** As `JSON.stringify`, with bigints as integers. */
export const stringifyWithBigInts = (value: unknown): string | undefined => {
  let bigInts = 0
  const write = (prefix: string): string | undefined =>
    JSON.stringify(value, (_, part: unknown) => {
      if (typeof part !== 'bigint') return part
      bigInts++
      return `${prefix}${part}`
    })
  const plain = write('')
  if (bigInts === 0 || plain === undefined) return plain
  const prefix = unusedPrefix((candidate) => plain.includes(candidate))
  return write(prefix)?.replaceAll(new RegExp(`"${prefix}(-?\\d+)"`, 'g'), '$1')
}

/** Fewer are within ±2^53. */
const MANY_DIGITS = /\d{16}/

const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g
const INTEGER = /^-?\d+$/

const unusedPrefix = (isUsed: (prefix: string) => boolean): string => {
  for (let i = 0; ; i++) {
    const prefix = `bigint${i}:`
    if (!isUsed(prefix)) return prefix
  }
}
