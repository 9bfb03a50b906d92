import { describe, expect, it } from '@jest/globals'
import { MetadataRefresh } from '../../lib/kafkajs/MetadataRefresh.js'

/** Asks that wait to be answered, and pauses that wait to be ended. */
const scripted = (backoffMs = 1000) => {
  const asked: { topics: readonly string[]; answer: () => void; fail: () => void }[] = []
  const pauses: { ms: number; end: () => void }[] = []
  const refresh = new MetadataRefresh(
    (topics) => new Promise((answer, reject) => asked.push({ topics, answer, fail: () => reject(new Error('lost')) })),
    (ms) => new Promise((end) => pauses.push({ ms, end })),
    backoffMs,
  )
  return { asked, pauses, refresh }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('MetadataRefresh', () => {
  it('should share one request among those who ask before it leaves', async () => {
    const { asked, refresh } = scripted()
    const both = Promise.all([refresh.request(['a'], false), refresh.request(['b'], false)])
    await turn()
    asked[0]?.answer()
    await both

    expect(asked.map(({ topics }) => topics)).toEqual([['a', 'b']])
  })

  it('should ask again for who asks while a request is on its way: its answer may be too old', async () => {
    const { asked, pauses, refresh } = scripted()
    const first = refresh.request(['a'], false)
    await turn()
    const later = Promise.all([refresh.request(['a'], false), refresh.request([], false)])
    asked[0]?.answer()
    await first
    await turn()
    pauses[0]?.end()
    await turn()
    asked[1]?.answer()
    await later

    expect(asked).toHaveLength(2)
  })

  it('should keep rounds about the same topics apart, but not wait for new ones', async () => {
    const { asked, pauses, refresh } = scripted()
    const first = refresh.request(['a'], false)
    await turn()
    asked[0]?.answer()
    await first

    void refresh.request(['a'], false)
    await turn()
    expect(pauses).toHaveLength(1)
    expect(asked).toHaveLength(1)
    pauses[0]?.end()
    await turn()
    asked[1]?.answer()
    await turn()

    void refresh.request(['b'], false)
    await turn()
    expect(pauses).toHaveLength(1)
    expect(asked).toHaveLength(3)
  })

  it('should fail for those who waited, and ask anew for the next', async () => {
    const { asked, refresh } = scripted(0)
    const first = refresh.request(['a'], false)
    const failed = expect(first).rejects.toThrow('lost')
    await turn()
    asked[0]?.fail()
    await failed

    const next = refresh.request(['a'], false)
    await turn()
    asked[1]?.answer()
    await expect(next).resolves.toBeUndefined()
  })

  it('should ask in the background once the answer is old, and only then', async () => {
    const { asked, refresh } = scripted(0)
    refresh.whenOlderThan(0)
    await turn()
    expect(asked).toHaveLength(0)

    const first = refresh.request(['a'], false)
    await turn()
    asked[0]?.answer()
    await first
    refresh.whenOlderThan(60_000)
    await turn()
    expect(asked).toHaveLength(1)
    refresh.whenOlderThan(0)
    await turn()
    expect(asked).toHaveLength(2)
  })
})
