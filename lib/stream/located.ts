import type { RecordPosition } from './RecordPosition.js'
import { memberOf } from '../checks/memberOf.js'

/** Records that were worked on together, of one split. */
export interface RecordRange {
  readonly topic: string
  readonly partition: number
  readonly firstOffset: number
  readonly lastOffset: number
}

/**
 * An error of a user's function, told at which record it happened: in its message, and as its property `recordPosition`.
 *
 * It stays the same error, of its class, with its tag and its `retriable`, so that `catchError` and `retry` know it. What cannot be
 * changed (a text that was thrown, a frozen object) becomes an `Error` with that as its `cause`.
 *
 * @param position undefined: not known, and nothing is said
 */
export const located = (error: unknown, position: RecordPosition | undefined): unknown => {
  if (position === undefined) return error
  const { topic, partition, offset } = position
  return told(error, `record at offset ${offset} of ${topic}-${partition}`, {
    recordPosition: { topic, partition, offset },
  })
}

/** The same for an error of several records, of which nobody knows which one it was. */
export const locatedWithin = (error: unknown, ranges: readonly RecordRange[]): unknown => {
  const [first, ...others] = ranges
  if (first === undefined) return error
  if (others.length === 0 && first.firstOffset === first.lastOffset)
    return located(error, { topic: first.topic, partition: first.partition, offset: first.firstOffset })
  const named = ranges
    .slice(0, MAX_NAMED)
    .map(({ topic, partition, firstOffset, lastOffset }) => `${firstOffset} to ${lastOffset} of ${topic}-${partition}`)
  const more = ranges.length > MAX_NAMED ? ` and of ${ranges.length - MAX_NAMED} more` : ''
  return told(error, `among the records at offsets ${named.join(', ')}${more}`, { recordRanges: ranges })
}

/**
 * The record at which an error happened that came out of a pipeline: that of a function of yours, in an operator or a serializer.
 * Undefined when the error is of no record, or of several.
 *
 * @example
 * ```ts
 * source
 *   .elements()
 *   .pipe(onRecords(map(parse)), recordsOnly())
 *   .subscribe({ error: (error) => console.error(error, recordOf(error)) }) // … { topic: 'orders', partition: 3, offset: 120 }
 * ```
 */
export const recordOf = (error: unknown): RecordPosition | undefined =>
  isObject(error) ? (error as { readonly recordPosition?: RecordPosition }).recordPosition : undefined

/** Splits that a message names. */
const MAX_NAMED = 3

/** What errors said before they were told where: one that is thrown again and again is told anew each time. */
const messages = new WeakMap<object, string>()

const told = (error: unknown, where: string, facts: Readonly<Record<string, unknown>>): unknown => {
  const changed = changeable(error)
  const before = messages.get(changed) ?? changed.message
  messages.set(changed, before)
  const message = before.includes(where) ? before : `${before} (${where})`
  define(changed, 'message', { value: message, enumerable: false })
  for (const [key, value] of Object.entries(facts)) define(changed, key, { value, enumerable: true })
  return changed
}

/** The error itself if its message can be changed, also one that has it from its prototype, as a `DOMException` has. */
const changeable = (error: unknown): Error => {
  const isError = isObject(error) && typeof memberOf(error, 'message') === 'string'
  if (
    isError &&
    Object.isExtensible(error) &&
    Object.getOwnPropertyDescriptor(error, 'message')?.configurable !== false
  )
    return error as Error
  const message = String(isError ? memberOf(error, 'message') : error)
  const retriable = isObject(error) && 'retriable' in error ? { retriable: error.retriable === true } : {}
  return Object.assign(new Error(message, { cause: error }), retriable)
}

const define = (error: Error, key: string, property: PropertyDescriptor): void => {
  Object.defineProperty(error, key, { ...property, configurable: true, writable: true })
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
