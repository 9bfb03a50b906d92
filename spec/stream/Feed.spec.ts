import { describe, expect, it } from '@jest/globals'
import { take } from 'rxjs'
import { Feed } from '../../lib/stream/Feed.js'

describe('Feed', () => {
  it('should give each value to those who are subscribed', () => {
    const feed = new Feed<string>()
    const seen: string[] = []
    feed.next('missed')
    feed.values$.pipe(take(1)).subscribe((value) => seen.push(`1 ${value}`))
    const second = feed.values$.subscribe((value) => seen.push(`2 ${value}`))
    feed.next('a')
    feed.next('b')
    second.unsubscribe()
    feed.next('c')
    expect(seen).toEqual(['1 a', '2 a', '2 b'])
  })

  it('should give one who subscribes while a value is on its way the next one', () => {
    const feed = new Feed<string>()
    const seen: string[] = []
    feed.values$.pipe(take(1)).subscribe(() => feed.values$.subscribe((value) => seen.push(value)))
    feed.next('a')
    feed.next('b')
    expect(seen).toEqual(['b'])
  })

  it('should complete all, and who comes later at once', () => {
    const feed = new Feed<string>()
    let completed = 0
    const complete = (): void => {
      completed++
    }
    feed.values$.subscribe({ complete })
    feed.values$.subscribe({ complete })
    feed.complete()
    expect(completed).toBe(2)
    feed.values$.subscribe({ complete })
    expect(completed).toBe(3)
  })
})
