import { sequenceS } from 'fp-ts/lib/Apply.js'
import { getApplicativeValidation } from 'fp-ts/lib/Either.js'
import { getSemigroup } from 'fp-ts/lib/ReadonlyArray.js'
import type { ConfigError } from './ConfigError.js'

/** Decodes parts side by side: all values, or all faults of all parts. */
export const allOf = sequenceS(getApplicativeValidation(getSemigroup<ConfigError>()))
