import { describe, expect, it } from '@jest/globals'
import { defer, of, throwError } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { KafkaError } from '../../lib/client/KafkaError.js'
import { KafkaCommitter } from '../../lib/sink/committer/KafkaCommitter.js'

const committable = { transactionalId: 'job-0-1', producerId: 7n, epoch: 0, checkpointId: 2, records: 3 }

const away = new KafkaError({ _tag: 'Broker', message: 'COORDINATOR_NOT_AVAILABLE', retriable: true, code: 15 })
const dead = new KafkaError({ _tag: 'TransactionLost', message: 'aborted', retriable: true })
const fenced = new KafkaError({ _tag: 'Fenced', message: 'fenced', retriable: true, fatal: true })
const refused = new KafkaError({ _tag: 'Authorization', message: 'no right', retriable: false })

/** Commits with these answers, one after the other, the last one for ever: when it was asked, and what came of it. */
const committed = (answers: readonly unknown[], budgetMs = 1_000) => {
  const scheduler = new TestScheduler(() => undefined)
  const asked: number[] = []
  const messages: string[] = []
  let came: unknown
  scheduler.run(({ flush }) => {
    const logger = { debug: (text: string) => messages.push(text) } as never
    const settings = { budgetMs, firstBackoffMs: 100, maxBackoffMs: 250, scheduler, logger }
    const endTxn = () =>
      defer(() => {
        const answer = answers[Math.min(asked.length, answers.length - 1)]
        asked.push(scheduler.now())
        return answer === undefined ? of(undefined) : throwError(() => answer)
      })
    new KafkaCommitter(settings).commit(committable, endTxn).subscribe({
      error: (error: unknown) => (came = error),
      complete: () => (came = 'committed'),
    })
    flush()
  })
  return { asked, came, messages }
}

describe('KafkaCommitter', () => {
  it('should commit', () => {
    expect(committed([undefined])).toEqual({ asked: [0], came: 'committed', messages: [] })
  })

  it('should try again as long as there is time, with growing pauses up to the longest', () => {
    const { asked, came, messages } = committed([away, away, away, away, undefined])
    expect({ asked, came }).toEqual({ asked: [0, 100, 300, 550, 800], came: 'committed' })
    expect(messages[0]).toBe('commit of job-0-1 is tried again in 100 ms: COORDINATOR_NOT_AVAILABLE')
  })

  it('should give the error of the broker when the time is up', () => {
    expect(committed([away])).toMatchObject({ asked: [0, 100, 300, 550, 800, 1050], came: away })
  })

  it('should say that the transaction is dead, by the broker or by its fence, at once', () => {
    for (const error of [dead, fenced])
      expect(committed([error])).toMatchObject({
        asked: [0],
        came: { _tag: 'TransactionLost', retriable: true, transactionalId: 'job-0-1', cause: error },
      })
  })

  it('should not try again what another try does not mend', () => {
    expect(committed([refused])).toMatchObject({ asked: [0], came: refused })
    expect(committed([new TypeError('a mistake')])).toMatchObject({ asked: [0], came: new TypeError('a mistake') })
  })
})
