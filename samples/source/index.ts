import { boundedness } from './boundedness.js'
import { deadLetters } from './deadLetters.js'
import { deserializers } from './deserializers.js'
import { discovery } from './discovery.js'
import { offsetCommitting } from './offsetCommitting.js'
import { properties } from './properties.js'
import type { Sample } from './Sample.js'
import { startingOffsets } from './startingOffsets.js'
import { subscription } from './subscription.js'

/** In the order in which to read them. */
export const samples: Readonly<Record<string, Sample>> = {
  subscription,
  deserializers,
  deadLetters,
  startingOffsets,
  boundedness,
  properties,
  discovery,
  offsetCommitting,
}
