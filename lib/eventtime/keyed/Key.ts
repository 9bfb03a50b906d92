import * as t from 'io-ts'

/** What state is kept by. Several fields make one as text: `${flight.origin}-${flight.carrier}`. */
export type Key = string | number

export const KeyCodec = t.union([t.string, t.number])
