import { described } from './described.js'
import { memberOf } from './memberOf.js'

/** What an argument has to be. */
export interface ArgumentKind {
  /** completes "must be …" */
  readonly name: string
  readonly fits: (given: unknown) => boolean
}

/**
 * The argument itself, or a TypeError that names it: callers without types give what the type does not allow, and without this it
 * fails later, where nothing says which setting it was.
 *
 * @example
 * ```ts
 * argument('topicPattern', '.*', aRegExp) // TypeError: topicPattern must be a regular expression, but is ".*".
 * ```
 */
export const argument = <V>(name: string, given: V, { name: expected, fits }: ArgumentKind): V => {
  if (!fits(given)) throw new TypeError(`${name} must be ${expected}, but is ${described(given)}.`)
  return given
}

export const aString: ArgumentKind = { name: 'a string', fits: (given) => typeof given === 'string' }

export const aNumber: ArgumentKind = { name: 'a number', fits: (given) => typeof given === 'number' }

export const aFunction: ArgumentKind = { name: 'a function', fits: (given) => typeof given === 'function' }

/** Of any realm: `instanceof` knows those of its own alone. */
export const aRegExp: ArgumentKind = {
  name: 'a regular expression',
  fits: (given) => Object.prototype.toString.call(given) === '[object RegExp]',
}

/** One of these words. */
export const oneOf = (...words: readonly string[]): ArgumentKind => ({
  name: words.map((word) => `'${word}'`).join(' or '),
  fits: (given) => words.includes(given as string),
})

/** An object that has these methods, of any class. */
export const havingMethods = (...methods: readonly string[]): ArgumentKind => ({
  name: `an object with ${methods.map((method) => `${method}()`).join(', ')}`,
  fits: (given) => methods.every((method) => hasMethod(given, method)),
})

/** Null and undefined fit too. */
export const orNothing = ({ name, fits }: ArgumentKind): ArgumentKind => ({
  name: `${name}, null or undefined`,
  fits: (given) => given === null || given === undefined || fits(given),
})

/** One of several kinds. */
export const either = (...kinds: readonly ArgumentKind[]): ArgumentKind => ({
  name: kinds.map(({ name }) => name).join(', or '),
  fits: (given) => kinds.some(({ fits }) => fits(given)),
})

export const hasMethod = (given: unknown, method: string | symbol): boolean =>
  typeof memberOf(given, method) === 'function'
