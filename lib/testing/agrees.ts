import { isDeepStrictEqual } from 'node:util'
import type { Marble } from './Marble.js'

/** A matcher of a test framework, such as `expect.objectContaining(…)`: Jest, Vitest and Jasmine have it under this name. */
interface AsymmetricMatcher {
  asymmetricMatch(received: unknown): boolean
}

const isMatcher = (expected: unknown): expected is AsymmetricMatcher =>
  typeof expected === 'object' &&
  expected !== null &&
  'asymmetricMatch' in expected &&
  typeof expected.asymmetricMatch === 'function'

/** What came is what is drawn: the same in every detail, or what a matcher in its place accepts. */
export const agrees = (received: unknown, expected: unknown): boolean =>
  isMatcher(expected) ? expected.asymmetricMatch(received) : isDeepStrictEqual(received, expected)

export function marbleAgrees(received: Marble | undefined, expected: Marble): boolean {
  if (received?.frame !== expected.frame) return false
  if (expected.kind === 'next') return received.kind === 'next' && agrees(received.value, expected.value)
  if (expected.kind === 'error') return received.kind === 'error' && agrees(received.error, expected.error)
  return received.kind === 'complete'
}
