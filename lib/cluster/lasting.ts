import type { StandstillRule } from '../standstill/Standstill.js'

/** When trouble with brokers is told: an election, or the restart of a broker, may pass without a word. Times in ms. */
export const lasting: StandstillRule = { after: 5_000, longestPause: 300_000 }
