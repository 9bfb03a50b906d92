import { describe, expect, it } from '@jest/globals'
import { defer, NEVER, type Observable, of, type SchedulerLike, throwError } from 'rxjs'
import { KafkaError } from '../../lib/client/KafkaError.js'
import { retryWithin } from '../../lib/sink/transaction/retryWithin.js'
import { runMarbles } from '../../lib/testing/runMarbles.js'

const silent = new KafkaError({ _tag: 'Timeout', message: 'broker 1 did not answer', retriable: true })
const ended = new KafkaError({ _tag: 'TransactionLost', message: 'dead', retriable: true, fatal: true })
const forbidden = new KafkaError({ _tag: 'Broker', message: 'not authorized', retriable: false })

/** Answers like these, one per subscription; the last one for ever. */
const answers = <T>(...all: readonly Observable<T>[]): Observable<T> => {
  let next = 0
  return defer(() => all[Math.min(next++, all.length - 1)] ?? NEVER)
}

describe('retryWithin', () => {
  const budget = (scheduler: SchedulerLike, budgetMs = 100) =>
    ({ budgetMs, firstBackoffMs: 2, maxBackoffMs: 5, scheduler }) as const

  it('should ask again after 2, 4, then 5 ms, and say so', () => {
    runMarbles(({ expectObservable, flush, scheduler }) => {
      const said: string[] = []
      const fails = throwError(() => silent)
      const asked = answers<string>(fails, fails, fails, fails, of('a')).pipe(
        retryWithin(budget(scheduler), ({ message }, pauseMs) => said.push(`${message}: ${pauseMs} ms`)),
      )
      expectObservable(asked).toBe('----------------(a|)')
      flush()
      expect(said).toEqual([2, 4, 5, 5].map((ms) => `broker 1 did not answer: ${ms} ms`))
    })
  })

  it('should error with the last error once the budget is used up', () => {
    runMarbles(({ cold, expectObservable, scheduler }) => {
      const asked = cold('---#', undefined, silent).pipe(retryWithin(budget(scheduler, 10)))
      // asked at 0, 5 and 12: over at 10, so the third answer is the last
      expectObservable(asked).toBe('---------------#', undefined, silent)
    })
  })

  it('should give each subscription a budget of its own', () => {
    runMarbles(({ cold, expectObservable, scheduler }) => {
      const asked = cold('---#', undefined, silent).pipe(retryWithin(budget(scheduler, 4)))
      expectObservable(asked).toBe('--------#', undefined, silent)
      expectObservable(asked, '--------------------^').toBe('--------------------' + '--------#', undefined, silent)
    })
  })

  it.each([
    ['what would be refused again', forbidden],
    ['what takes a new attempt', ended],
    ["what is no error of Kafka's", new Error('a mistake')],
  ])('should not ask again after %s', (_, error) => {
    runMarbles(({ cold, expectObservable, scheduler }) => {
      const asked = answers<string>(cold('-#', undefined, error), of('a'))
      expectObservable(asked.pipe(retryWithin(budget(scheduler)))).toBe('-#', undefined, error)
    })
  })

  it('should stop at once when nobody listens any more', () => {
    runMarbles(({ cold, expectObservable, expectSubscriptions, scheduler }) => {
      const asked = cold('---#', undefined, silent)
      expectObservable(asked.pipe(retryWithin(budget(scheduler))), '^---!').toBe('-----')
      expectSubscriptions(asked.subscriptions).toBe('^--!')
    })
  })
})
