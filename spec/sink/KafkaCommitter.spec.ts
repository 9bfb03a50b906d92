import { describe, expect, it } from '@jest/globals'
import { defer, EMPTY, Subject, switchMap, throwError, timer } from 'rxjs'
import { KafkaError } from '../../lib/client/KafkaError.js'
import { KafkaCommitter } from '../../lib/sink/committer/KafkaCommitter.js'
import { type MarbleHelpers, runMarbles } from '../../lib/testing/runMarbles.js'

const committable = { transactionalId: 'job-0-1', producerId: 7n, epoch: 0, checkpointId: 2, records: 3 }

const away = new KafkaError({ _tag: 'Broker', message: 'COORDINATOR_NOT_AVAILABLE', retriable: true, code: 15 })
const dead = new KafkaError({ _tag: 'TransactionLost', message: 'aborted', retriable: true })
const fenced = new KafkaError({ _tag: 'Fenced', message: 'fenced', retriable: true, fatal: true })
const refused = new KafkaError({ _tag: 'Authorization', message: 'no right', retriable: false })

/** Commits with these answers, one after the other, the last one for ever; when the coordinator was asked, and what was logged. */
const committing = ({ scheduler }: MarbleHelpers, answers: readonly unknown[]) => {
  const asked$ = new Subject<string>()
  const messages: string[] = []
  let asked = 0
  const logger = { debug: (text: string) => messages.push(text) } as never
  const endTxn = () =>
    defer(() => {
      const answer = answers[Math.min(asked++, answers.length - 1)]
      asked$.next('a')
      return answer === undefined ? EMPTY : throwError(() => answer)
    })
  const committer = new KafkaCommitter({ budgetMs: 1_000, firstBackoffMs: 100, maxBackoffMs: 250, scheduler, logger })
  return { committed$: timer(0).pipe(switchMap(() => committer.commit(committable, endTxn))), asked$, messages }
}

describe('KafkaCommitter', () => {
  it('should commit', () => {
    runMarbles((helpers) => {
      const { committed$, asked$, messages } = committing(helpers, [undefined])
      helpers.expectObservable(committed$).toBe('|')
      helpers.expectObservable(asked$).toBe('a')
      helpers.flush()
      expect(messages).toEqual([])
    })
  })

  it('should try again as long as there is time, with growing pauses up to the longest', () => {
    runMarbles((helpers) => {
      const { committed$, asked$, messages } = committing(helpers, [away, away, away, away, undefined])
      helpers.expectObservable(committed$).toBe('800ms |')
      helpers.expectObservable(asked$).toBe('a 99ms a 199ms a 249ms a 249ms a')
      helpers.flush()
      expect(messages[0]).toBe('commit of job-0-1 is tried again in 100 ms: COORDINATOR_NOT_AVAILABLE')
    })
  })

  it('should give the error of the broker when the time is up', () => {
    runMarbles((helpers) => {
      const { committed$, asked$ } = committing(helpers, [away])
      helpers.expectObservable(committed$).toBe('1050ms #', {}, away)
      helpers.expectObservable(asked$).toBe('a 99ms a 199ms a 249ms a 249ms a 249ms a')
    })
  })

  it.each([dead, fenced])(
    'should say that the transaction is dead, by the broker or by its fence, at once: %s',
    (cause) => {
      runMarbles((helpers) => {
        const { committed$, asked$ } = committing(helpers, [cause])
        const lost = { _tag: 'TransactionLost', retriable: true, transactionalId: 'job-0-1', cause }
        helpers.expectObservable(committed$).toBe('#', {}, expect.objectContaining(lost))
        helpers.expectObservable(asked$).toBe('a')
      })
    },
  )

  it.each([refused, new TypeError('a mistake')])('should not try again what another try does not mend: %s', (error) => {
    runMarbles((helpers) => {
      const { committed$, asked$ } = committing(helpers, [error])
      helpers.expectObservable(committed$).toBe('#', {}, error)
      helpers.expectObservable(asked$).toBe('a')
    })
  })
})
