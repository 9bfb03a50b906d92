/** What a contract suite needs of a test framework; jest's and vitest's globals have it. */
export interface TestFramework {
  /** A group of specs; groups nest. `body` is called at once. */
  describe(this: void, title: string, body: () => void): unknown
  /** A spec. It fails when `body` throws or rejects, or takes longer than `timeoutMs` (default: that of the framework). */
  it(this: void, title: string, body: () => Promise<void> | void, timeoutMs?: number): unknown
  /** Runs before each spec of the group it is called in. */
  beforeEach(this: void, prepare: () => Promise<void> | void): unknown
  /** Runs after each spec of the group it is called in, also after one that failed. */
  afterEach(this: void, tidyUp: () => Promise<void> | void): unknown
  /** Assertions with the matchers that jest and vitest share. */
  readonly expect: Expect
}

interface Expect {
  (actual: unknown): Matchers<void> & {
    readonly not: Matchers<void>
    readonly rejects: Matchers<Promise<void>>
  }
  any(constructor: unknown): unknown
  objectContaining(properties: Record<string, unknown>): unknown
}

interface Matchers<R> {
  toBe(expected: unknown): R
  toBeGreaterThan(expected: number): R
  toBeGreaterThanOrEqual(expected: number): R
  toBeLessThan(expected: number): R
  toBeLessThanOrEqual(expected: number): R
  toBeUndefined(): R
  toContain(expected: unknown): R
  toEqual(expected: unknown): R
  toMatchObject(expected: Record<string, unknown> | readonly Record<string, unknown>[]): R
}
