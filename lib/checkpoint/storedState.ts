import { CheckpointError } from './CheckpointError.js'

/** Property names and indices, from a state down to one of its values. */
export type StatePath = readonly (string | number)[]

/** Deeper than states are: it refers to itself. */
const MAX_DEPTH = 1000

const NUMBER = '$number'
const BIGINT = '$bigint'
const VALUE = '$value'

const numbers: ReadonlyMap<unknown, number> = new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['-0', -0],
])

/**
 * A state as it is stored: plain JSON, from which {@link fromStored} makes the same state again. It is a copy, since states are
 * written after their barrier has passed, and may be changed in place until then.
 *
 * What JSON has no form for gets one:
 *
 * - `NaN`, `±Infinity`, `-0`: `{"$number": "NaN"}`
 * - a bigint: `{"$bigint": "12"}`
 * - an object that looks like one of these, and a state that is null (in a checkpoint, null is no state): `{"$value": …}`
 *
 * A property that is undefined is left out, as JSON does: reading it gives the same. All else that JSON would change without a word
 * (a Map, a Date, an instance of a class, a function, undefined in an array, what refers to itself) is an `InvalidState` error that
 * says where it is.
 */
export const toStored = (uid: string, state: unknown): unknown =>
  state === null ? { [VALUE]: null } : new StateCopy(uid, true, pathOf).of(state)

/** The state that was stored. */
export const fromStored = (stored: unknown): unknown => {
  if (typeof stored !== 'object' || stored === null) return stored
  if (Array.isArray(stored)) return stored.map(fromStored)
  const [key, value] = formOf(stored) ?? []
  if (key === NUMBER && numbers.has(value)) return numbers.get(value)
  if (key === BIGINT && typeof value === 'string') return BigInt(value)
  if (key === VALUE) return typeof value === 'object' && value !== null ? properties(value, fromStored) : value
  return properties(stored, fromStored)
}

/**
 * A copy of a state, refused as `toStored` refuses.
 *
 * @param placeOf where a value is, for the message
 */
export const copyOfState = <A>(uid: string, state: A, placeOf: (path: StatePath) => string): A =>
  new StateCopy(uid, false, placeOf).of(state) as A

/** A state that no checkpoint can hold. */
export const invalidState = (uid: string, what: string, cause?: unknown): CheckpointError =>
  new CheckpointError(
    'InvalidState',
    `The state "${uid}" cannot be written so that it can be read again: ${what} The checkpoint fails, since nothing could be restored ` +
      'from it.',
    { cause },
  )

/** One walk through a state. */
class StateCopy {
  private readonly path: (string | number)[] = []

  constructor(
    private readonly uid: string,
    /** with the forms of `toStored` */
    private readonly stored: boolean,
    private readonly placeOf: (path: StatePath) => string,
  ) {}

  of(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value
      case 'number':
        return this.stored && !isJsonNumber(value) ? { [NUMBER]: Object.is(value, -0) ? '-0' : String(value) } : value
      case 'bigint':
        return this.stored ? { [BIGINT]: String(value) } : value
      case 'object':
        if (value === null) return null
        if (this.path.length === MAX_DEPTH) throw this.refused('an object that is nested too deep, or refers to itself')
        return Array.isArray(value) ? this.array(value) : this.object(value)
      default:
        throw this.refused(value === undefined ? 'undefined' : `a ${typeof value}`)
    }
  }

  /** By index: `map` skips holes. */
  private array(items: readonly unknown[]): unknown {
    const copy: unknown[] = []
    for (let i = 0; i < items.length; i++) copy.push(this.part(items[i], i))
    return copy
  }

  private object(value: object): unknown {
    if (!isPlain(value)) throw this.refused(`a value of the class ${value.constructor.name}`)
    const copy = properties(value, (property, key) => this.part(property, key))
    return this.stored && formOf(copy) !== undefined ? { [VALUE]: copy } : copy
  }

  private part(value: unknown, key: string | number): unknown {
    this.path.push(key)
    const copy = this.of(value)
    this.path.pop()
    return copy
  }

  private refused(what: string): CheckpointError {
    return invalidState(
      this.uid,
      `there is ${what} ${this.placeOf(this.path)}, which JSON cannot hold. Let the codec of the state make plain objects, arrays, texts ` +
        'and numbers of it (encode), and make it again (decode).',
    )
  }
}

const pathOf = (path: StatePath): string => (path.length === 0 ? 'in its place' : `at ${path.join('.')}`)

const isJsonNumber = (value: number): boolean => Number.isFinite(value) && !(value === 0 && 1 / value < 0)

/** Of any realm. */
const isPlain = (value: object): boolean => {
  const prototype = Object.getPrototypeOf(value) as object | null
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null
}

/** The one property of an object that is a form of `toStored`, or looks like one. */
const formOf = (value: object): readonly [string, unknown] | undefined => {
  let form: readonly [string, unknown] | undefined
  for (const key in value) {
    if (form !== undefined || (key !== NUMBER && key !== BIGINT && key !== VALUE)) return undefined
    form = [key, (value as Record<string, unknown>)[key]]
  }
  return form
}

/** Another object with these properties, but for those that are undefined. */
const properties = (value: object, change: (property: unknown, key: string) => unknown): object => {
  const changed: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    const property = (value as Record<string, unknown>)[key]
    if (property === undefined) continue
    // An assignment would make it the prototype.
    if (key === '__proto__')
      Object.defineProperty(changed, key, {
        value: change(property, key),
        enumerable: true,
        configurable: true,
        writable: true,
      })
    else changed[key] = change(property, key)
  }
  return changed
}
