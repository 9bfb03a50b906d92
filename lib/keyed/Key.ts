import * as t from 'io-ts'
import { described } from '../checks/described.js'
import { StreamError } from '../stream/StreamError.js'

/** What state is kept by; a number is finite. Several fields make one as text: `${flight.origin}-${flight.carrier}`. */
export type Key = string | number

export const KeyCodec = t.union([t.string, t.number])

/** Refuses, as the record comes, what a checkpoint could not hold, or would give back as another key. */
export const checkKey = (key: Key, uid: string): void => {
  if (typeof key === 'string' || (typeof key === 'number' && Number.isFinite(key))) return
  throw new StreamError(
    'InvalidKey',
    `keyBy of "${uid}" gave ${described(key)}, which is no key: a key is a text or a finite number. Most likely a field is missing or ` +
      'was not a number. Give such records a key of their own, or filter them out; of several fields, make one text.',
  )
}
