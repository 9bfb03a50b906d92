import { memberOf } from './memberOf.js'

/** Longer texts are cut in a message. */
const MAX_TEXT = 60

/** How a message names what it was given: `null`, `NaN`, `"0"`, `12n`, `a Date`, `a function`. */
export const described = (given: unknown): string => {
  switch (typeof given) {
    case 'string':
      return JSON.stringify(given.length > MAX_TEXT ? `${given.slice(0, MAX_TEXT)}…` : given)
    case 'bigint':
      return `${given}n`
    case 'number':
      return Object.is(given, -0) ? '-0' : String(given)
    case 'boolean':
    case 'undefined':
      return String(given)
    default:
      return describedType(given)
  }
}

/** The same without the value itself, where that is nobody's business: `a number`, `undefined`, `an ArrayBuffer`. */
export const describedType = (given: unknown): string => {
  if (given === null || given === undefined) return String(given)
  const type = typeof given === 'object' ? classOf(given) : typeof given
  return `${/^[aeio]/i.test(type) ? 'an' : 'a'} ${type}`
}

const classOf = (given: object): string => {
  const name = memberOf(memberOf(given, 'constructor'), 'name')
  return typeof name === 'string' && name !== '' && name !== 'Object' ? name : 'object'
}
