import { describe, expect, it, jest } from '@jest/globals'
import { asyncScheduler, concat, concatMap, defer, map, type Observable, of, retry, throwError, timer } from 'rxjs'
import { type RunHelpers, TestScheduler } from 'rxjs/testing'
import { CheckpointError } from '../../lib/checkpoint/CheckpointError.js'
import { KafkaError } from '../../lib/client/KafkaError.js'
import { SourceError } from '../../lib/source/SourceError.js'
import { restart, type RestartPolicy } from '../../lib/stream/restart.js'
import { StreamError } from '../../lib/stream/StreamError.js'

const quiet = { warn: () => undefined }

/** Without jitter, so that pictures are true; waits of 10, 20, 40, 40, … ms. */
const policy = <T>(change: RestartPolicy<T> = {}): RestartPolicy<T> => ({
  initialDelay: 10,
  maxDelay: 40,
  multiplier: 2,
  jitter: 0,
  logger: quiet,
  ...change,
})

const play = (picture: (helpers: RunHelpers, scheduler: TestScheduler) => void): void => {
  const scheduler = new TestScheduler((actual, expected) => {
    expect(actual).toEqual(expected)
  })
  scheduler.run((helpers) => picture(helpers, scheduler))
}

describe('restart', () => {
  it('should subscribe again after waits that grow up to the longest', () => {
    play(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const source$ = cold('a#')
      expectObservable(source$.pipe(restart(policy({ scheduler }))), '^ 99ms !').toBe('a 10ms a 20ms a 40ms a')
      expectSubscriptions(source$.subscriptions).toBe(['^!', '11ms ^!', '32ms ^!', '73ms ^!'])
    })
  })

  it('should be what retry is: after so many restarts the error is that of the stream', () => {
    play(({ cold, expectObservable }, scheduler) => {
      const expected = 'a 10ms a 20ms a#'
      expectObservable(cold('a#').pipe(restart(policy({ count: 2, scheduler })))).toBe(expected)
      const delays = [10, 20]
      expectObservable(cold('a#').pipe(retry({ count: 2, delay: (_, n) => timer(delays[n - 1]!, scheduler) }))).toBe(
        expected,
      )
      expectObservable(cold('a#').pipe(restart(policy({ count: 0, scheduler })))).toBe('a#')
    })
  })

  it('should pass what comes, and the completion', () => {
    play(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const source$ = cold('a-b|')
      expectObservable(source$.pipe(restart(policy({ scheduler })))).toBe('a-b|')
      expectSubscriptions(source$.subscriptions).toBe('^--!')
    })
  })

  it('should wait for nobody who has left', () => {
    play(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const source$ = cold('#')
      expectObservable(source$.pipe(restart(policy({ scheduler }))), '^ 4ms !').toBe('-')
      expectSubscriptions(source$.subscriptions).toBe('(^!)')
    })
  })

  it.each<readonly [string, unknown, boolean]>([
    [
      'a KafkaError that a retry may mend',
      new KafkaError({ _tag: 'Connection', message: 'lost', retriable: true }),
      true,
    ],
    ['a KafkaError that it cannot mend', new KafkaError({ _tag: 'InvalidRecord', message: 'no record' }), false],
    ['a checkpoint that took too long', new CheckpointError('Timeout', 'too long'), true],
    ['a checkpoint that cannot be read', new CheckpointError('Corrupt', 'damaged'), false],
    ['a record that cannot be read', new SourceError('Deserialization', 'no JSON'), false],
    ['misuse of a stream', new StreamError('LateOutput', 'too late'), false],
    ['an error of a user', new TypeError('x is undefined'), true],
    ['an error of a user that is final', Object.assign(new Error('never'), { retriable: false }), false],
    ['a text', 'boom', true],
    ['nothing', undefined, true],
  ])('should restart only after what a restart may mend: %s', (_, error, restarted) => {
    play(({ cold, expectObservable }, scheduler) => {
      const source$ = cold('a#', undefined, error)
      expectObservable(source$.pipe(restart(policy({ count: 1, scheduler })))).toBe(
        restarted ? 'a 10ms a#' : 'a#',
        undefined,
        error,
      )
    })
  })

  it('should ask the policy, if that knows better', () => {
    play(({ cold, expectObservable }, scheduler) => {
      const isRetriable = (error: unknown): boolean => error === 'again'
      const restarting = (error: string) =>
        cold('a#', undefined, error).pipe(restart(policy({ count: 1, isRetriable, scheduler })))
      expectObservable(restarting('again')).toBe('a 10ms a#', undefined, 'again')
      expectObservable(restarting('never')).toBe('a#', undefined, 'never')
    })
  })

  it('should begin anew when a sink has committed what need not be done again', () => {
    const committed = { kind: 'committed', recovered: false, checkpointId: 1, transactionalId: 't', records: 1 }
    play(({ cold, expectObservable }, scheduler) => {
      const attempts = ['#', '#', 'c#', '#', '#', '#']
      expectObservable(
        inTurn(attempts.map((marbles) => cold(marbles, { c: committed }))).pipe(
          restart(policy({ count: 2, scheduler })),
        ),
      ).toBe('30ms c 30ms #', { c: committed })
    })
  })

  it.each([
    ['flushed', { kind: 'flushed', checkpointId: 1, records: 1 }],
    [
      'committed for a former attempt',
      { kind: 'committed', recovered: true, checkpointId: 1, transactionalId: 't', records: 1 },
    ],
    ['a value', 'value'],
  ])('should not take it for progress, since it comes at each attempt: %s', (_, value) => {
    play(({ cold, expectObservable }, scheduler) => {
      expectObservable(cold('v#', { v: value }).pipe(restart(policy({ count: 2, scheduler })))).toBe(
        'v 10ms v 20ms v#',
        { v: value },
      )
    })
  })

  it('should begin anew with what the policy takes for progress', () => {
    play(({ cold, expectObservable }, scheduler) => {
      const attempts = ['a#', 'p#', 'a#', 'a#', 'a#'].map((marbles) => cold(marbles))
      const isProgress = (value: string): boolean => value === 'p'
      expectObservable(inTurn(attempts).pipe(restart(policy({ count: 2, isProgress, scheduler })))).toBe(
        'a 10ms p 10ms a 20ms a#',
      )
    })
  })

  it('should begin anew when it has run long enough', () => {
    play(({ cold, expectObservable }, scheduler) => {
      const attempts = ['#', '100ms #', '99ms #', '#'].map((marbles) => cold(marbles))
      expectObservable(inTurn(attempts).pipe(restart(policy({ count: 2, resetAfter: 100, scheduler })))).toBe(
        '10ms 100ms 10ms 99ms 20ms #',
      )
    })
  })

  it.each([
    ['back', -3_600_000],
    ['forth', 3_600_000],
  ])('should not begin anew, nor any later, when the wall clock is set %s by an hour', async (_, step) => {
    jest.useFakeTimers()
    try {
      const attempts: number[] = []
      const errors: unknown[] = []
      const begunAt = performance.now()
      // The third runs for three minutes, which is enough to begin anew; all others for one.
      const failing$ = defer(() => {
        attempts.push(Math.round((performance.now() - begunAt) / 1000))
        return timer(attempts.length === 3 ? 180_000 : 60_000).pipe(
          concatMap(() => throwError(() => new Error('boom'))),
        )
      })
      failing$
        .pipe(restart(policy({ count: 2, resetAfter: 120_000, scheduler: asyncScheduler })))
        .subscribe({ error: (error) => errors.push(error) })
      for (let half = 0; half < 20; half++) {
        await jest.advanceTimersByTimeAsync(30_000)
        // In the third attempt, and in the fifth.
        if (half === 4 || half === 12) jest.setSystemTime(Date.now() + step)
      }
      expect(attempts).toEqual([0, 60, 120, 300, 360])
      expect(errors).toEqual([new Error('boom')])
    } finally {
      jest.useRealTimers()
    }
  })

  it('should count each subscription by itself', () => {
    play(({ cold, expectObservable }, scheduler) => {
      const restarting$ = cold('a#').pipe(restart(policy({ count: 1, scheduler })))
      expectObservable(restarting$).toBe('a 10ms a#')
      expectObservable(restarting$, '50ms ^').toBe('50ms a 10ms a#')
    })
  })

  it('should vary waits within the jitter, and the same in each run', () => {
    const waits = (): readonly string[] => {
      const told: string[] = []
      play(({ expectObservable }, scheduler) => {
        const failing$ = timer(7, scheduler).pipe(
          map(() => {
            throw new Error('boom')
          }),
        )
        const logger = { warn: (message: string) => told.push(/in (\d+) ms/.exec(message)![1]!) }
        expectObservable(
          failing$.pipe(restart({ initialDelay: 1000, multiplier: 1, jitter: 0.5, logger, scheduler })),
          '^ 60s !',
        ).toBe('-')
      })
      return told
    }
    const first = waits().map(Number)
    expect(waits().map(Number)).toEqual(first)
    expect(new Set(first).size).toBeGreaterThan(10)
    for (const wait of first) {
      expect(wait).toBeGreaterThanOrEqual(500)
      expect(wait).toBeLessThanOrEqual(1500)
    }
  })

  it('should tell each restart, with the reason', () => {
    const told: string[] = []
    const logger = { warn: (message: string) => told.push(message) }
    play(({ cold, expectObservable }, scheduler) => {
      const source$ = cold('#', undefined, new Error('the broker has left'))
      expectObservable(source$.pipe(restart(policy({ count: 2, logger, scheduler })))).toBe(
        '30ms #',
        undefined,
        new Error('the broker has left'),
      )
    })
    expect(told).toEqual([
      'The pipeline has failed, and starts again in 10 ms (restart 1). the broker has left',
      'The pipeline has failed, and starts again in 20 ms (restart 2). the broker has left',
    ])
  })

  it('should do so with the defaults of Flink', () => {
    const told: string[] = []
    const logger = { warn: (message: string) => told.push(/in (\d+) ms/.exec(message)![1]!) }
    play(({ expectObservable }, scheduler) => {
      const failing$ = defer(() => throwError(() => new Error('boom')))
      expectObservable(failing$.pipe(restart({ jitter: 0, logger, scheduler })), '^ 10m !').toBe('-')
    })
    expect(told.slice(0, 13).map(Number)).toEqual([
      1000, 1500, 2250, 3375, 5063, 7594, 11391, 17086, 25629, 38443, 57665, 60000, 60000,
    ])
  })

  it.each([
    { count: -1 },
    { count: 1.5 },
    { count: NaN },
    { count: '3' },
    { initialDelay: -1 },
    { initialDelay: NaN },
    { initialDelay: '1s' },
    { maxDelay: 5 },
    { maxDelay: Infinity },
    { multiplier: 0.5 },
    { jitter: -0.1 },
    { jitter: 2 },
    { resetAfter: NaN },
    { resetAfter: null },
  ])('should refuse a policy that makes no sense: %p', (change) => {
    expect(() => restart(policy(change as RestartPolicy))).toThrow(RangeError)
    expect(() => restart(policy(change as RestartPolicy))).toThrow(
      new RegExp(`^restart: .*${Object.keys(change)[0]} must be a number from `),
    )
  })
})

/** The first of them for the first subscription, and so on. */
const inTurn = <T>(attempts: readonly Observable<T>[]): Observable<T> => {
  let attempt = 0
  return defer(
    () =>
      attempts[attempt++] ??
      concat(
        of(),
        throwError(() => new Error('one attempt too many')),
      ),
  )
}
