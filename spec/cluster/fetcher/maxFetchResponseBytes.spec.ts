import { expect, it } from '@jest/globals'
import { maxFetchResponseBytes } from '../../../lib/cluster/fetcher/maxFetchResponseBytes.js'

const MiB = 1 << 20

it('should leave room for fetch.max.bytes and for one large batch', () => {
  expect(maxFetchResponseBytes({}, { maxBytes: 50 * MiB })).toBe(100_000_000 + MiB)
  expect(maxFetchResponseBytes({}, { maxBytes: 500 * MiB })).toBe(501 * MiB)
  expect(maxFetchResponseBytes({ maxResponseBytes: 5_000 }, { maxBytes: MiB })).toBe(2 * MiB)
  expect(maxFetchResponseBytes({ maxResponseBytes: 300 * MiB }, { maxBytes: MiB })).toBe(301 * MiB)
})
