import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { config, map, NEVER, of, type SchedulerAction, type SchedulerLike, Subject, tap, timer } from 'rxjs'
import type { ConnectKafka } from '../../lib/client/KafkaClient.js'
import { KafkaError } from '../../lib/client/KafkaError.js'
import { Fault } from '../../lib/memory/Fault.js'
import { DeliveryGuarantee } from '../../lib/sink/DeliveryGuarantee.js'
import { sinkTo } from '../../lib/sink/sinkTo.js'
import type { CheckpointOutcome } from '../../lib/stream/CheckpointBarrier.js'
import { record, watermark } from '../support/elements.js'
import { aborted, completed, HandFed } from './HandFed.js'
import { SinkScene } from './sinkScene.js'

describe('sinkTo, at its end', () => {
  const unhandled: unknown[] = []
  beforeEach(() => {
    unhandled.length = 0
    config.onUnhandledError = (error) => unhandled.push(error)
    jest.spyOn(console, 'warn').mockImplementation(() => undefined)
  })
  afterEach(() => {
    config.onUnhandledError = null
    jest.restoreAllMocks()
    expect(unhandled).toEqual([])
  })

  it('should complete although watermarks follow the final barrier', () => {
    const fed = new HandFed()
    fed.scene.play(() => {
      fed.start()
      fed.feed(fed.restored(), record('a'))
      fed.at(100, () => fed.feed(fed.upstream.barrier(1, 'suspend', of(aborted(1))), watermark(5)))
      fed.at(200, () => {
        fed.feed(fed.upstream.barrier(2, 'suspend', of(completed(2))))
        fed.elements.complete()
      })
    }, 2000)
    expect(fed.scene.errors).toEqual([])
    expect(fed.scene.kinds).toEqual(['prepared 1', 'committed 1'])
    expect(fed.scene.completions).toBe(1)
  })

  it('should error when it completes with a prepared transaction that no checkpoint commits', () => {
    const fed = new HandFed()
    fed.scene.play(() => {
      fed.start()
      fed.feed(fed.restored(), record('a'), record('b'), fed.upstream.barrier(1, undefined, of(aborted(1))))
      fed.at(100, () => fed.elements.complete())
    }, 2000)
    expect(fed.scene.completions).toBe(0)
    expect(fed.scene.errors).toEqual([
      expect.objectContaining({ _tag: 'NoFinalBarrier', message: expect.stringContaining('2 records') }),
    ])
  })

  it('should be quiet when the next transaction becomes ready after an unsubscription', () => {
    const fed = new HandFed()
    const until = new Subject<void>()
    fed.scene.kafka.inject({ api: 'InitProducerId', transactionalId: 'job-0-2' }, Fault.hold(until))
    fed.scene.play(() => {
      const job = fed.start()
      fed.feed(fed.restored(), record('a'), fed.upstream.barrier(1))
      fed.at(100, () => job.unsubscribe())
      fed.at(101, () => until.next())
    }, 2000)
    expect(unhandled).toEqual([])
    expect(fed.scene.errors).toEqual([])
  })

  describe('when it is stopped', () => {
    const after = (feed: (fed: HandFed) => void): readonly string[] => {
      const fed = new HandFed()
      fed.scene.play(() => {
        const job = fed.start()
        fed.feed(fed.restored(), record('a'))
        fed.at(50, () => feed(fed))
        fed.at(100, () => job.unsubscribe())
      }, 2000)
      expect(fed.open).toBe(0)
      return fed.scene.kafka
        .transactions()
        .filter(({ transactionalId }) => transactionalId !== 'job-0-owner')
        .map(({ transactionalId, state }) => `${transactionalId} ${state}`)
    }
    const held = Fault.hold(NEVER)
    const soon = ({ scene }: HandFed, outcome: CheckpointOutcome) => timer(10, scene.scheduler).pipe(map(() => outcome))
    const ahead = (...numbers: readonly number[]) => numbers.map((number) => `job-0-${number} Empty`)

    it.each<[string, (fed: HandFed) => void, readonly string[]]>([
      ['abort what takes records', () => undefined, ['job-0-1 CompleteAbort', ...ahead(2, 3)]],
      [
        'leave what is prepared to the next attempt, and abort what takes records behind it',
        (fed) => fed.feed(fed.upstream.barrier(1, undefined, NEVER), record('b')),
        ['job-0-1 Ongoing', 'job-0-2 CompleteAbort', ...ahead(3, 4)],
      ],
      [
        'abort what is being prepared',
        (fed) => {
          fed.scene.kafka.inject({ api: 'Produce' }, Fault.delay(200))
          fed.feed(record('b'), fed.upstream.barrier(1, undefined, NEVER), record('c'))
        },
        ['job-0-1 CompleteAbort', 'job-0-2 CompleteAbort', ...ahead(3, 4)],
      ],
      [
        'leave what is being committed',
        (fed) => {
          fed.scene.kafka.inject({ api: 'EndTxn' }, held)
          fed.feed(fed.upstream.barrier(1, undefined, soon(fed, completed(1))), record('b'))
        },
        ['job-0-1 Ongoing', 'job-0-2 CompleteAbort', ...ahead(3, 4)],
      ],
    ])('should %s', (_, feed, expected) => {
      expect(after(feed)).toEqual(expected)
    })

    it('should leave no timer behind, whatever it leaves to the next attempt', () => {
      const fed = new HandFed()
      const { scheduler } = fed.scene
      const fired: number[] = []
      const watched: SchedulerLike = {
        now: () => scheduler.now(),
        schedule: <S>(work: (this: SchedulerAction<S>, state?: S) => void, delay = 0, state?: S) =>
          scheduler.schedule<S>(
            function (at) {
              fired.push(scheduler.now())
              work.call(this, at)
            },
            delay,
            state,
          ),
      }
      fed.scene.play(() => {
        const job = fed.start(undefined, undefined, watched)
        fed.feed(fed.restored(), record('a'))
        fed.at(50, () => fed.feed(fed.upstream.barrier(1, undefined, NEVER), record('b')))
        fed.at(100, () => job.unsubscribe())
      }, 1_000_000)
      expect(fired.filter((at) => at > 100)).toEqual([])
    })

    it('should make no more transactions ready, though the client still aborts what is open', () => {
      const fed = new HandFed()
      const until = new Subject<void>()
      const asked: string[] = []
      fed.scene.kafka.calls$.subscribe(({ api, moment, transactionalId = '' }) => {
        if (moment === 'before') asked.push(`${fed.scene.scheduler.now()} ${api} ${transactionalId}`)
      })
      fed.scene.kafka.inject({ api: 'InitProducerId', transactionalId: 'job-0-2' }, Fault.hold(until))
      fed.scene.kafka.inject({ api: 'EndTxn' }, Fault.delay(300))
      fed.scene.play(() => {
        const job = fed.start()
        fed.feed(fed.restored(), record('a'))
        fed.at(100, () => job.unsubscribe())
        fed.at(200, () => until.next())
      }, 2000)
      // What was on its way to the broker, and nothing after it.
      expect(asked.filter((call) => Number.parseInt(call) > 100)).toEqual([
        ...['200 InitProducerId job-0-2', '400 EndTxn job-0-1'],
      ])
      expect(fed.open).toBe(0)
    })

    it('should say so to a stop that waits for what is not committed yet', () => {
      const failed: string[] = []
      const commitFailed = (uid: string, error: unknown) => failed.push(`${uid}: ${(error as Error).message}`)
      after((fed) => {
        fed.scene.kafka.inject({ api: 'EndTxn' }, held)
        fed.feed(fed.upstream.barrier(1, undefined, soon(fed, { ...completed(1), commitFailed })))
      })
      expect(failed).toEqual([expect.stringMatching(/^sink-job: .* unsubscribed before it had committed/)])
    })
  })

  it('should have committed what a savepoint holds when the stop is answered', () => {
    const scene = new SinkScene()
    scene.kafka.inject({ api: 'EndTxn', times: Infinity }, Fault.delay(300))
    const answers: unknown[] = []
    scene.play(() => {
      const coordinator = scene.coordinator({ interval: 0 })
      scene.start(scene.job({ coordinator }))
      scene.at(55, () =>
        coordinator
          .stopWithSavepoint({ drain: false })
          .subscribe(() => answers.push([scene.scheduler.now(), scene.committed.length])),
      )
    }, 2000)
    expect(answers).toEqual([[355, 5]])
  })

  it('should stay stopped when what its savepoint holds cannot be committed, also for a retry', () => {
    const scene = new SinkScene()
    const answers: unknown[] = []
    const lost = new KafkaError({ _tag: 'TransactionLost', message: 'aborted', retriable: false, fatal: true })
    scene.play(() => {
      const coordinator = scene.coordinator({ interval: 0 })
      const run = (): void => void scene.start(scene.job({ coordinator }))
      run()
      scene.at(55, () => {
        const mend = scene.kafka.inject({ api: 'EndTxn', times: Infinity }, Fault.fail(lost))
        scene.at(500, mend)
        coordinator
          .stopWithSavepoint({ drain: false })
          .subscribe({ error: (error: unknown) => answers.push([scene.scheduler.now(), error]) })
      })
      scene.at(1_000, run)
    }, 5_000)
    const failed = expect.objectContaining({ message: expect.stringContaining('job-0-1') })
    expect(answers).toEqual([[expect.any(Number), failed]])
    expect(scene.errors).toEqual([failed, failed])
    expect(scene.committed).toEqual([])
  })

  it('should fail as soon as its producer does, and not with the next barrier', () => {
    const fed = new HandFed()
    const refused = new KafkaError({
      _tag: 'Authorization',
      message: 'no rights on out',
      retriable: false,
      fatal: false,
    })
    fed.scene.kafka.inject({ api: 'Produce' }, Fault.fail(refused))
    fed.scene.play(() => {
      fed.start()
      fed.feed(fed.restored(), record('a'))
    }, 2000)
    expect(fed.scene.errors).toEqual([refused])
  })

  it('should ask once a second whether its ids are still its own when it has nothing to prepare', () => {
    const fed = new HandFed()
    const asked: number[] = []
    fed.scene.kafka.calls$.subscribe(({ api, moment }) => {
      if (api === 'DescribeTransactions' && moment === 'before') asked.push(fed.scene.scheduler.now())
    })
    fed.scene.play(() => {
      fed.start()
      fed.feed(fed.restored())
      for (let id = 1; id <= 30; id++)
        fed.at(100 * id, () => fed.feed(fed.upstream.barrier(id, undefined, of(completed(id)))))
    }, 3_050)
    // Two times as it begins: who owns the ids, and whether the next ones are new.
    expect(asked).toEqual([0, 0, 100, 1_200, 2_300])
  })

  it('should close its client when it cannot be set up', () => {
    const fed = new HandFed()
    const broken = new Error('no producer')
    const connect: ConnectKafka = (config) =>
      fed.connect(config).pipe(
        tap((client) => {
          client.producer = () => {
            throw broken
          }
        }),
      )
    fed.scene.play(() => {
      const options = { connect, scheduler: fed.scene.scheduler }
      fed.scene.start(fed.elements.pipe(sinkTo(fed.scene.sink(), options)))
      fed.feed(fed.restored(), record('a'))
    }, 1000)
    expect(fed.scene.errors).toEqual([broken])
    expect(fed.open).toBe(0)
  })

  it('should close its client soon although no broker answers any more', () => {
    const fed = new HandFed()
    fed.scene.kafka.inject({ api: 'EndTxn', times: Infinity }, Fault.hold(NEVER))
    fed.scene.play(() => {
      const job = fed.start()
      fed.feed(fed.restored(), record('a'))
      fed.at(100, () => job.unsubscribe())
    }, 10_000)
    expect(fed.open).toBe(0)
  })

  it('should make it an error of the stream that an element is acknowledged twice, also when it had to wait', () => {
    const fed = new HandFed()
    const big = 'x'.repeat(1200)
    fed.scene.kafka.inject({ api: 'Produce' }, Fault.delay(300))
    fed.scene.play(() => {
      const properties = { 'buffer.memory': 1000, 'batch.size': 500 }
      fed.start(fed.scene.sink({ guarantee: DeliveryGuarantee.NONE, properties }))
      fed.feed(fed.restored())
      const end = fed.upstream.end()
      fed.at(100, () => fed.feed(record(big), record(big), end, end))
    }, 2000)
    expect(fed.scene.errors).toEqual([expect.objectContaining({ _tag: 'AcknowledgedTwice' })])
  })
})
