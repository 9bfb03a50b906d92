import type { FuzzTarget } from './FuzzTarget.js'
import { recordsTarget } from './recordsTarget.js'
import { responsesTarget } from './responsesTarget.js'

export const targets: readonly FuzzTarget[] = [recordsTarget, responsesTarget]
