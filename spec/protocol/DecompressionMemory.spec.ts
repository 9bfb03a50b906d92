import { describe, expect, it } from '@jest/globals'
import { TopicPartition } from '../../lib/client/TopicPartition.js'
import { DecompressionMemory, type InflatedHolder } from '../../lib/protocol/DecompressionMemory.js'

/** Fetches by name, each with so many bytes inflated, and those of them that had to give way. */
const scene = (limit: number, holding: Readonly<Record<string, number>> = {}) => {
  const memory = new DecompressionMemory(limit)
  const evicted: string[] = []
  const fetches = new Map<string, InflatedHolder>()
  const fetch = (name: string): InflatedHolder => {
    const known = fetches.get(name)
    if (known !== undefined) return known
    const made = { topicPartition: new TopicPartition(name, 0), evict: () => void evicted.push(name) }
    fetches.set(name, made)
    return made
  }
  for (const [name, bytes] of Object.entries(holding)) memory.hold(fetch(name), bytes)
  const ask = (name: string, needed: number) => memory.roomFor(fetch(name), needed)
  const askOften = (name: string, needed: number) => {
    for (let i = 0; i < 10; i++) ask(name, needed)
    return ask(name, needed)
  }
  return { memory, evicted, fetch, ask, askOften }
}

describe('DecompressionMemory', () => {
  it('should have 256 MiB of room where no limit is set', () => {
    expect(new DecompressionMemory().limit).toBe(268_435_456)
  })

  it('should have the room that is left', () => {
    const { memory, fetch, ask } = scene(100, { a: 30, b: 50 })
    expect(ask('c', 1)).toBe(20)
    expect(memory.heldBytes).toBe(80)
    memory.release(fetch('a'))
    memory.release(fetch('a'))
    expect(ask('c', 1)).toBe(50)
  })

  it('should evict no more than it takes, the one first that was read longest ago', () => {
    const { memory, evicted, fetch, askOften } = scene(100, { a: 30, b: 30, c: 30 })
    memory.touch(fetch('a'))

    expect(askOften('d', 10)).toBe(10)
    expect(evicted).toEqual([])
    expect(askOften('d', 40)).toBe(40)
    expect(evicted).toEqual(['b'])
    expect(askOften('d', 100)).toBe(100)
    expect(evicted).toEqual(['b', 'c', 'a'])
  })

  it('should be as patient with each that it evicts', () => {
    const { evicted, ask } = scene(100, { a: 30, b: 30, c: 30 })
    const asks = [40, 70, 100].map((needed) => {
      let asked = 0
      for (const before = evicted.length; evicted.length === before; asked++) ask('d', needed)
      return asked
    })
    expect(asks).toEqual([asks[0], asks[0], asks[0]])
  })

  it('should not evict what is read while it is asked', () => {
    const { memory, evicted, fetch, ask } = scene(100, { a: 90 })
    for (let i = 0; i < 100; i++) {
      expect(ask('b', 50)).toBe(10)
      if (i % 7 === 0) memory.touch(fetch('a'))
    }
    expect(evicted).toEqual([])
  })

  it('should serve first the one that has waited longest', () => {
    const { memory, fetch, ask } = scene(100, { a: 60, b: 40 })
    expect([ask('large', 80), ask('small', 10)]).toEqual([0, 0])
    memory.release(fetch('b'))
    expect([ask('small', 10), ask('large', 80)]).toEqual([0, 40])
    memory.release(fetch('a'))
    expect([ask('small', 10), ask('large', 80)]).toEqual([0, 100])
    memory.hold(fetch('large'), 80)
    expect(ask('small', 10)).toBe(20)
  })

  it('should not serve one that does not ask any more before those that do', () => {
    const { memory, fetch, ask } = scene(100, { a: 100 })
    expect([ask('gone', 10), ask('next', 10)]).toEqual([0, 0])
    memory.release(fetch('a'))
    expect([ask('next', 10), ask('next', 10), ask('other', 10)]).toEqual([0, 100, 0])
    memory.release(fetch('next'))
    expect(ask('other', 10)).toBe(100)
  })

  it('should let nobody who comes anew pass those that wait', () => {
    const { memory, fetch, ask } = scene(100, { a: 100 })
    ask('waiting', 10)
    memory.release(fetch('a'))
    expect([ask('new', 10), ask('waiting', 10)]).toEqual([0, 100])
  })

  it('should evict whom it is told to, and wait for them no more', () => {
    const { memory, evicted, fetch, ask } = scene(100, { a: 30, b: 70 })
    ask('c', 50)
    memory.evictWhere(({ topicPartition }) => ['b', 'c'].includes(topicPartition.topic))
    expect(evicted).toEqual(['c', 'b'])
    expect(ask('d', 70)).toBe(70)
    memory.evictWhere(() => true)
    expect(memory.heldBytes).toBe(0)
    expect(fetch('a')).toBeDefined()
  })
})
