import { describe, expect, it } from '@jest/globals'
import { concat, defer, EMPTY, ignoreElements, throwError, timer } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { MetadataRefresh } from '../../lib/cluster/MetadataRefresh.js'

const lost = new Error('lost')

interface Scene {
  readonly refresh: MetadataRefresh
  /** Asks at that ms; the picture shows when its round is over. */
  readonly request: (atMs: number, ...topics: readonly string[]) => { toEnd: (picture: string) => void }
  readonly at: (ms: number, act: () => void) => void
}

/** A round takes 5 ms. Gives what was asked, and when. */
const scene = (
  play: (scene: Scene) => void,
  { backoffMs = 20, failing = 0 }: { readonly backoffMs?: number; readonly failing?: number } = {},
): readonly string[] => {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
  const asked: string[] = []
  scheduler.run(({ expectObservable }) => {
    const refresh = new MetadataRefresh({
      ask: (topics) =>
        defer(() => {
          asked.push(`${topics.join(' ')} at ${scheduler.now()}`)
          const end = asked.length === failing ? throwError(() => lost) : EMPTY
          return concat(timer(5), end)
        }),
      pause: (ms) => timer(ms),
      now: () => scheduler.now(),
      scheduler,
      backoffMs,
    })
    play({
      refresh,
      at: (ms, act) => void scheduler.schedule(act, ms),
      request: (atMs, ...topics) => ({
        toEnd: (picture) =>
          expectObservable(
            concat(
              timer(atMs),
              defer(() => refresh.request(topics, false)),
            ).pipe(ignoreElements()),
          ).toBe(picture, undefined, lost),
      }),
    })
  })
  return asked
}

describe('MetadataRefresh', () => {
  it('should share one request among those who ask before it leaves', () => {
    const asked = scene(({ request }) => {
      request(0, 'a').toEnd('        -----|')
      request(0, 'b').toEnd('        -----|')
      // Rounds about the same topics are 20 ms apart: these two share the next.
      request(7, 'a').toEnd('        -------------------------|')
      request(9, 'b').toEnd('        -------------------------|')
    })
    expect(asked).toEqual(['a b at 0', 'a b at 20'])
  })

  it('should ask again for who asks while a request is on its way: its answer may be too old', () => {
    const asked = scene(({ request }) => {
      request(0, 'a').toEnd('        -----|')
      request(1, 'a').toEnd('        -------------------------|')
      request(2).toEnd('             -------------------------|')
    })
    expect(asked).toEqual(['a at 0', 'a at 20'])
  })

  it('should keep rounds about the same topics apart, but not wait for new ones', () => {
    const asked = scene(({ request }) => {
      request(0, 'a').toEnd('        -----|')
      request(6, 'a').toEnd('        -------------------------|')
      request(26, 'b').toEnd('       -------------------------------|')
    })
    expect(asked).toEqual(['a at 0', 'a at 20', 'a b at 26'])
  })

  it('should fail for those who waited, and ask anew for the next', () => {
    const asked = scene(
      ({ request }) => {
        request(0, 'a').toEnd('      -----#')
        request(6, 'a').toEnd('      -----------|')
      },
      { backoffMs: 0, failing: 1 },
    )
    expect(asked).toEqual(['a at 0', 'a at 6'])
  })

  it('should begin the next round also when the one before fails', () => {
    const asked = scene(
      ({ request }) => {
        request(0, 'a').toEnd('      -----#')
        request(3, 'a').toEnd('      ----------|')
      },
      { backoffMs: 0, failing: 1 },
    )
    expect(asked).toEqual(['a at 0', 'a at 5'])
  })

  it('should go on with a round that nobody waits for any more', () => {
    const asked = scene(
      ({ refresh, at, request }) => {
        at(0, () => refresh.request(['a'], false).subscribe().unsubscribe())
        request(1, 'b').toEnd('      ----------|')
      },
      { backoffMs: 0 },
    )
    expect(asked).toEqual(['a at 0', 'a b at 5'])
  })

  it('should ask in the background once the answer is old, and only then', () => {
    const asked = scene(
      ({ refresh, request, at }) => {
        at(0, () => refresh.whenOlderThan(0))
        request(1, 'a').toEnd('      ------|')
        at(10, () => refresh.whenOlderThan(60_000))
        at(20, () => refresh.whenOlderThan(0))
        at(22, () => refresh.whenOlderThan(0))
        at(40, () => refresh.whenOlderThan(25))
      },
      { backoffMs: 0 },
    )
    expect(asked).toEqual(['a at 1', 'a at 20'])
  })

  it('should say nothing of a failure in the background, and try at the next look', () => {
    const asked = scene(
      ({ refresh, request, at }) => {
        request(0, 'a').toEnd('      -----|')
        at(10, () => refresh.whenOlderThan(5))
        at(20, () => refresh.whenOlderThan(5))
      },
      { backoffMs: 0, failing: 2 },
    )
    expect(asked).toEqual(['a at 0', 'a at 10', 'a at 20'])
  })
})
