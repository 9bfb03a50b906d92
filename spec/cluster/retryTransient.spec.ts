import { describe, expect, it } from '@jest/globals'
import { concat, defer, merge, NEVER, of, type Observable, Subject, take, throwError, timer } from 'rxjs'
import type { RunHelpers } from 'rxjs/testing'
import { TestScheduler } from 'rxjs/testing'
import { KafkaError } from '../../lib/client/KafkaError.js'
import { ClientTroubles } from '../../lib/cluster/ClientTroubles.js'
import { type RetryingClient, type RetryOptions, retryTransient } from '../../lib/cluster/retryTransient.js'

const refused = new KafkaError({ _tag: 'Broker', retriable: true, api: 'EndTxn', message: 'It is refused.' })
const lost = new KafkaError({ _tag: 'Connection', retriable: true, api: 'EndTxn', message: 'It is lost.' })
const denied = new KafkaError({ _tag: 'Authorization', retriable: false, message: 'It is denied.' })

interface Scene extends RunHelpers {
  /** Tries one after the other: their errors, and `a` when there is none left. */
  readonly trying: (errors: readonly Error[], options?: RetryOptions) => Observable<string>
  readonly client: RetryingClient & { isClosed: boolean }
  readonly close: () => void
  readonly warnings: readonly string[]
}

/** `retry.backoff.ms` is 100, its maximum 400, `request.timeout.ms` 5 s; no chance. */
const picture = (draw: (scene: Scene) => void): readonly string[] => {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
  const warnings: string[] = []
  scheduler.run((helpers) => {
    const silent = (): void => undefined
    const logger = { debug: silent, info: silent, error: silent, warn: (line: string) => void warnings.push(line) }
    const closed$ = new Subject<void>()
    const client = {
      config: { requestTimeoutMs: 5_000, retryBackoffMs: 100, retryBackoffMaxMs: 400 },
      troubles: new ClientTroubles({ logger, scheduler }),
      isClosed: false,
      now: () => scheduler.now(),
      random: () => 0.5,
      pause: (ms: number) => merge(timer(ms), closed$).pipe(take(1)),
    }
    const close = (): void => {
      client.isClosed = true
      closed$.next()
    }
    const trying: Scene['trying'] = (errors, options) => {
      let tries = 0
      const attempt = (): Observable<string> => {
        const error = errors[tries++]
        return error === undefined ? of('a') : throwError(() => error)
      }
      return retryTransient(client, attempt, options)
    }
    draw({ ...helpers, trying, client, close, warnings })
  })
  return warnings
}
const many = (error: KafkaError): readonly KafkaError[] => Array.from({ length: 1_000 }, () => error)

describe('retryTransient', () => {
  it('should try again after a back-off that doubles up to retry.backoff.max.ms', () => {
    picture(({ expectObservable, trying }) => {
      expectObservable(trying([])).toBe('(a|)')
      expectObservable(trying([refused])).toBe('100ms (a|)')
      expectObservable(trying([refused, lost, refused])).toBe('700ms (a|)')
      expectObservable(trying([refused, refused, refused, refused])).toBe('1100ms (a|)')
    })
  })

  it('should begin with a shorter back-off where that is asked for, never with a longer one', () => {
    picture(({ expectObservable, trying }) => {
      expectObservable(trying([refused, refused], { firstBackoffMs: 20 })).toBe('60ms (a|)')
      expectObservable(trying([refused, refused], { firstBackoffMs: 900 })).toBe('300ms (a|)')
    })
  })

  it('should end at once with what no retry mends, and with what is not worth a wait', () => {
    picture(({ expectObservable, trying }) => {
      expectObservable(trying([denied])).toBe('#', undefined, denied)
      expectObservable(trying([refused, denied])).toBe('100ms #', undefined, denied)
      const isWorthAWait = ({ _tag }: KafkaError): boolean => _tag === 'Connection'
      expectObservable(trying([lost, refused], { isWorthAWait })).toBe('100ms #', undefined, refused)
      const thrown = new Error('no KafkaError')
      expectObservable(trying([thrown])).toBe('#', undefined, thrown)
    })
  })

  it('should give up when the next try would come after request.timeout.ms, or another budget', () => {
    picture(({ expectObservable, trying }) => {
      // 100, 300, 700, then every 400 ms: 4,700 is the last one before 5,000.
      expectObservable(trying(many(lost))).toBe('4700ms #', undefined, lost)
      expectObservable(trying(many(lost), { budgetMs: 800 })).toBe('700ms #', undefined, lost)
      expectObservable(trying(many(lost), { budgetMs: 50 })).toBe('#', undefined, lost)
    })
  })

  it('should end as soon as the client is closed, or what it is for is over', () => {
    picture(({ expectObservable, trying, close }) => {
      let over = false
      const overAt = concat(
        timer(150),
        defer(() => {
          over = true
          return NEVER
        }),
      )
      overAt.subscribe()
      expectObservable(trying(many(lost), { isOver: () => over })).toBe('300ms #', undefined, lost)
      timer(800).subscribe(close)
      expectObservable(trying(many(lost))).toBe('800ms #', undefined, lost)
    })
  })

  it('should tell what is refused for long, and when it is over; of a connection it says nothing', () => {
    const warnings = picture(({ expectObservable, trying }) => {
      const refusals = Array.from({ length: 16 }, () => refused)
      expectObservable(trying(refusals, { budgetMs: 60_000 })).toBe('5900ms (a|)')
      expectObservable(trying(many(lost), { budgetMs: 9_000 })).toBe('8700ms #', undefined, lost)
    })
    expect(warnings).toEqual([
      'It is refused. It has failed for 5 s; it is tried again for up to 60 s.',
      'EndTxn has succeeded, after 6 s.',
    ])
  })
})
