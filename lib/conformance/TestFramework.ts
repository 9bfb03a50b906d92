/** What a contract suite needs of a test framework; jest's and vitest's globals have it. */
export interface TestFramework {
  describe(this: void, title: string, body: () => void): unknown
  it(this: void, title: string, body: () => Promise<void> | void, timeoutMs?: number): unknown
  beforeEach(this: void, prepare: () => Promise<void> | void): unknown
  afterEach(this: void, tidyUp: () => Promise<void> | void): unknown
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
