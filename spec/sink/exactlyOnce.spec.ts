import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { map, NEVER, type Observable, retry, Subject, takeUntil, tap, throwError, timer } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import type { CheckpointStore } from '../../lib/checkpoint/store/CheckpointStore.js'
import { KafkaError } from '../../lib/client/KafkaError.js'
import { consoleLogger } from '../../lib/config/consoleLogger.js'
import { Fault } from '../../lib/memory/Fault.js'
import { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import type { SinkEvent } from '../../lib/sink/SinkEvent.js'
import { sinkTo } from '../../lib/sink/sinkTo.js'
import { branch } from '../../lib/stream/branch.js'
import { onRecords } from '../../lib/stream/onRecords.js'
import { handSource } from '../checkpoint/support/handSource.js'
import { restoredOf } from '../checkpoint/support/job.js'
import { record } from '../support/elements.js'
import { HandFed } from './HandFed.js'
import { numbers, SinkScene } from './sinkScene.js'

describe('sinkTo with EXACTLY_ONCE', () => {
  const warned = jest.spyOn(console, 'warn')
  beforeEach(() => {
    warned.mockReset().mockImplementation(() => undefined)
  })
  afterEach(() =>
    expect(
      warned.mock.calls.filter(([text]) => !/slow checkpoint|are lost|was used before/.test(String(text))),
    ).toEqual([]),
  )

  it('should commit the records of each checkpoint as one transaction, and complete with the last', () => {
    const scene = new SinkScene()
    scene.play(() => {
      scene.start(scene.job({ count: 25 }))
    }, 2000)
    expect(scene.errors).toEqual([])
    expect(scene.committed).toEqual(numbers(25))
    expect(scene.completions).toBe(1)
    expect(scene.kinds).toEqual(['prepared 2', 'committed 2', 'prepared 3', 'committed 3', 'prepared 4', 'committed 4'])
  })

  it('should name transactions by prefix, subtask and the checkpoint that commits them', () => {
    const scene = new SinkScene()
    scene.play(() => {
      scene.start(scene.job({ count: 15 }))
    }, 2000)
    const used = scene.kafka.transactions().map(({ transactionalId }) => transactionalId)
    expect(used).toEqual(expect.arrayContaining(['job-0-1', 'job-0-2', 'job-0-3']))
    expect(used.filter((id) => !/^job-0-(\d|owner)$/.test(id))).toEqual([])
  })

  it('should use each id once, and have two ready, also when checkpoints are aborted', () => {
    const scene = new SinkScene()
    const coordinator = scene.coordinator({ tolerableFailures: 9, timeout: 40 })
    // The second checkpoint cannot be acknowledged in time.
    scene.kafka.inject({ api: 'Produce', nth: 1 }, Fault.delay(60))
    scene.play(() => {
      scene.start(scene.job({ count: 40, coordinator }))
    }, 3000)
    expect(scene.committed).toEqual(numbers(40))
    const offsets = scene.kafka
      .transactions()
      .filter(({ transactionalId }) => /^job-0-\d+$/.test(transactionalId))
      .map(({ transactionalId }) => Number(transactionalId.slice('job-0-'.length)))
      .sort((a, b) => a - b)
    expect(offsets).toEqual(offsets.map((_, index) => index + 1))
    const states = scene.kafka.transactions().map(({ state }) => state)
    expect(states.filter((state) => state === 'Ongoing')).toEqual([])
  })

  it('should take no transactional id for a checkpoint without records', () => {
    const scene = new SinkScene()
    scene.play(() => {
      scene.start(scene.job({ every: 400 }))
    }, 1500)
    expect(scene.committed).toEqual(numbers(3))
    const committed = scene.kafka.transactions().filter(({ state }) => state === 'CompleteCommit')
    expect(committed.map(({ transactionalId }) => transactionalId)).toEqual(['job-0-1', 'job-0-2', 'job-0-3'])
    expect(scene.kafka.transactions()).toHaveLength(committed.length + 4) // the owner, the open one, two ahead
  })

  it('should hide records until their checkpoint is complete', () => {
    const scene = new SinkScene()
    scene.play(() => {
      scene.start(scene.job())
    }, 90)
    expect(scene.committed).toEqual([])
  })

  it('should go on after an unsubscription, nothing lost or doubled', () => {
    const scene = new SinkScene()
    scene.play(() => {
      const first = scene.start(scene.job())
      scene.scheduler.schedule(() => first.unsubscribe(), 255)
      scene.scheduler.schedule(() => scene.start(scene.job({ count: 60 })), 300)
    }, 3000)
    expect(scene.errors).toEqual([])
    expect(scene.committed).toEqual(numbers(60))
  })

  it('should know its commits after an attempt that wrote nothing, and of which nothing but its checkpoint was noted', () => {
    const scene = new SinkScene()
    const forgetful: CheckpointStore = {
      begin: (request) =>
        scene.store.begin(request).pipe(
          map((attempt) => ({
            ...attempt,
            ledger: { ...attempt.ledger!, settled: () => throwError(() => new Error('The disk is full')) },
          })),
        ),
    }
    scene.play(() => {
      const first = scene.start(scene.job())
      scene.at(255, () => first.unsubscribe())
      const coordinator = scene.coordinator({ store: forgetful })
      const second = scene.job({ coordinator, every: 1_000 })
      scene.at(300, () => {
        const running = scene.start(second)
        scene.at(150, () => running.unsubscribe())
      })
      scene.at(500, () => scene.start(scene.job({ count: 60 })))
    }, 3000)
    expect(scene.errors).toEqual([])
    expect(scene.committed).toEqual(numbers(60))
  })

  it('should keep the order of records when the next transaction is ready after two that are being flushed', () => {
    const fed = new HandFed()
    const { kafka } = fed.scene
    const ready = new Subject<void>()
    kafka.inject({ api: 'Produce', transactionalId: 'job-0-1' }, Fault.delay(200))
    kafka.inject({ api: 'Produce', transactionalId: 'job-0-2' }, Fault.delay(300))
    kafka.inject({ api: 'InitProducerId', transactionalId: 'job-0-3' }, Fault.hold(ready))
    fed.scene.play(() => {
      fed.start()
      fed.feed(fed.restored(), record('a'))
      fed.at(50, () => fed.feed(fed.upstream.barrier(1, undefined, NEVER), record('b')))
      fed.at(60, () => fed.feed(fed.upstream.barrier(2, undefined, NEVER), record('c')))
      // The first is flushed, the second is not.
      fed.at(300, () => ready.next())
    }, 2_000)
    expect(fed.scene.kinds).toEqual(['prepared 1', 'prepared 2'])
    expect(kafka.records('out', 'read_uncommitted').map(({ value }) => String(value))).toEqual(['a', 'b', 'c'])
  })

  it('should let the store forget ids that no transaction of it needs any more', () => {
    const scene = new SinkScene()
    const released: number[] = []
    const store: CheckpointStore = {
      begin: (request) =>
        scene.store.begin(request).pipe(
          map((attempt) => {
            const ledger = attempt.ledger!
            const release = (below: number) => {
              released.push(below)
              return ledger.release(below)
            }
            return { ...attempt, ledger: { ...ledger, release } }
          }),
        ),
    }
    scene.play(() => {
      scene.start(scene.job({ coordinator: scene.coordinator({ store }) }))
    }, 7_050)
    expect(released).toEqual([32, 64])
  })

  it('should commit what was prepared when it dies between the stored checkpoint and the commit', () => {
    const scene = new SinkScene()
    const dies = scene.kafka.calls$.subscribe(({ api, moment }) => {
      if (api !== 'EndTxn' || moment !== 'before') return
      dies.unsubscribe()
      scene.kafka.cut()
    })
    scene.play(() => {
      const first = scene.start(scene.job())
      scene.scheduler.schedule(() => first.unsubscribe(), 200)
      scene.scheduler.schedule(() => scene.start(scene.job({ count: 40 })), 250)
    }, 3000)
    expect(scene.told.find(([, kind]) => kind === 'committed')).toEqual([
      expect.any(Number),
      'committed',
      2,
      expect.any(Number),
    ])
    expect(scene.committed).toEqual(numbers(40))
  })

  it('should abort what a former attempt left open, and say so', () => {
    const scene = new SinkScene()
    const infos: string[] = []
    const logger = { ...consoleLogger, info: (message: string) => void infos.push(message) }
    scene.play(() => {
      const first = scene.start(scene.job({}, { logger }))
      scene.scheduler.schedule(() => scene.kafka.cut(), 155)
      scene.scheduler.schedule(() => first.unsubscribe(), 156)
      scene.scheduler.schedule(() => scene.start(scene.job({ count: 40 }, { logger })), 200)
    }, 3000)
    expect(scene.kinds).toContain('lingeringAborted')
    expect(infos).toEqual([
      'The sink of transactional id prefix "job" (subtask 0) has recovered from checkpoint 2: prepared transactions that are committed ' +
        'now: 0; transactions that former attempts had left open, and that are aborted: 1.',
    ])
    expect(scene.committed).toEqual(numbers(40))
  })

  it('should fail soon when a sink leaves the job before it has reported its transactions, and go on with the next start', () => {
    const scene = new SinkScene()
    const { scheduler, kafka } = scene
    const write = (prefix: string) => sinkTo(scene.sink({ prefix }), { connect: kafka.connect, scheduler })
    const job = (leaves$: Observable<unknown> = NEVER, count = Infinity) =>
      handSource({ coordinator: scene.coordinator(), scheduler, count }).pipe(
        onRecords(map(String)),
        branch(
          (records$) => records$.pipe(write('job')),
          (records$) => records$.pipe(write('other'), takeUntil(leaves$)),
        ),
      )
    const mend = kafka.inject({ api: 'EndTxn', times: Infinity }, Fault.fail(unavailable()))
    scene.play(() => {
      const first = scene.start(job())
      scene.at(155, () => {
        kafka.cut()
        first.unsubscribe()
        mend()
      })
      scene.at(200, () => {
        const answer = kafka.inject({ api: 'DescribeTransactions', times: Infinity }, Fault.hold(NEVER))
        scene.at(700, answer)
        scene.start(job(timer(50, scheduler)))
      })
      scene.at(1_000, () => scene.start(job(NEVER, 40)))
    }, 5_000)
    expect(scene.errors).toEqual([expect.objectContaining({ _tag: 'SinkLeft', retriable: true })])
    expect(scene.erredAt).toBe(250)
    expect([...scene.committed].sort()).toEqual([...numbers(40), ...numbers(40)].sort())
    expect(scene.completions).toBe(1)
  })

  describe('with a prepared transaction that has expired', () => {
    const settings = { properties: { 'transaction.timeout.ms': 1000 } }

    /** A job that cannot commit dies after 150 ms, and starts again half a minute later. */
    const afterLongOutage = (scene: SinkScene, again: () => void, job = () => scene.job({}, settings)) => {
      const mend = scene.kafka.inject(
        { api: 'EndTxn', transactionalId: 'job-0-1', times: Infinity },
        Fault.fail(unavailable()),
      )
      const first = scene.start(job())
      scene.scheduler.schedule(() => {
        scene.kafka.cut()
        first.unsubscribe()
        mend()
      }, 150)
      scene.scheduler.schedule(again, 30_000)
    }

    it('should go back to the checkpoint before it, and lose nothing', () => {
      const scene = new SinkScene()
      scene.play(() => {
        afterLongOutage(scene, () =>
          scene.start(scene.job({ count: 40 }, settings).pipe(retry({ count: 1, delay: 100 }))),
        )
      }, 40_000)
      expect(scene.errors).toEqual([])
      expect(scene.committed).toEqual(numbers(40))
    })

    it('should say that it goes back, as an error that a retry or the next start mends', () => {
      const scene = new SinkScene()
      scene.play(() => {
        afterLongOutage(scene, () => scene.start(scene.job({ count: 40 }, settings)))
        scene.scheduler.schedule(() => scene.start(scene.job({ count: 40 }, settings)), 32_000)
      }, 40_000)
      expect(scene.errors).toEqual([expect.objectContaining({ _tag: 'WentBack', retriable: true })])
      expect(scene.errors[0]?.message).toMatch(
        /A transaction of checkpoint 2 is dead: .* goes back to the checkpoint before it/,
      )
      expect(scene.committed).toEqual(numbers(40))
    })

    /** The second sink's transaction is committed: to go back would double its records. */
    const twoSinks = (scene: SinkScene, lostPolicy: 'fail' | 'warn', count = Infinity) => {
      const { scheduler, kafka } = scene
      const write = (prefix: string) =>
        sinkTo(scene.sink({ prefix, lostPolicy, ...settings }), { connect: kafka.connect, scheduler })
      return handSource({ coordinator: scene.coordinator(), scheduler, count }).pipe(
        onRecords(map(String)),
        branch(
          (records$) => records$.pipe(write('job')),
          (records$) => records$.pipe(write('other')),
        ),
      )
    }

    it('should fail, naming what is lost, when records after it are visible', () => {
      const scene = new SinkScene()
      scene.play(() => {
        afterLongOutage(
          scene,
          () => scene.start(twoSinks(scene, 'fail')),
          () => twoSinks(scene, 'fail'),
        )
      }, 40_000)
      expect(scene.errors).toEqual([
        expect.objectContaining({ _tag: 'TransactionLost', retriable: false, transactionalId: 'job-0-1' }),
      ])
      expect(scene.errors[0]?.message).toMatch(/^\d+ records are lost: job-0-1 \(checkpoint 2, \d+ records\)/)
    })

    it('should not tell again what is lost, though it dies before its next checkpoint', () => {
      const scene = new SinkScene()
      const told = () => scene.told.filter(([, kind]) => kind === 'lost').length
      scene.play(() => {
        afterLongOutage(
          scene,
          () => {
            const second = scene.start(
              twoSinks(scene, 'warn', 40).pipe(
                tap(({ kind }) => {
                  if (kind === 'lost') scene.at(0, () => second.unsubscribe())
                }),
              ),
            )
            scene.at(1_000, () => scene.start(twoSinks(scene, 'fail', 40)))
          },
          () => twoSinks(scene, 'warn'),
        )
      }, 40_000)
      expect(scene.errors).toEqual([])
      expect(told()).toBe(1)
      expect(scene.completions).toBe(1)
    })

    it('should go on without lost records when told to warn, tell which, and not tell it again', () => {
      const scene = new SinkScene()
      scene.play(() => {
        afterLongOutage(
          scene,
          () => {
            const second = scene.start(twoSinks(scene, 'warn', 40))
            scene.scheduler.schedule(() => second.unsubscribe(), 1000)
            scene.scheduler.schedule(() => scene.start(twoSinks(scene, 'fail', 40)), 1100)
          },
          () => twoSinks(scene, 'warn'),
        )
      }, 40_000)
      expect(scene.errors).toEqual([])
      const [lost, ...others] = scene.told.filter(([, kind]) => kind === 'lost')
      expect(lost?.slice(1, 3)).toEqual(['lost', 2])
      expect(others).toEqual([])
      expect(warned).toHaveBeenCalledWith(expect.stringMatching(/records are lost: job-0-1 \(checkpoint 2/))
      const both = [...numbers(40), ...numbers(40).slice(lost?.[3])]
      expect([...scene.committed].sort()).toEqual(both.sort())
    })
  })

  it('should survive trouble with the coordinator while it commits, for longer than the job would have to know', () => {
    const scene = new SinkScene()
    scene.kafka.inject({ api: 'EndTxn', times: 20 }, Fault.fail(unavailable()))
    scene.play(() => {
      scene.start(scene.job({ count: 40 }))
    }, 60_000)
    expect(scene.errors).toEqual([])
    expect(scene.committed).toEqual(numbers(40))
    expect(warned.mock.calls[0]).toEqual([expect.stringMatching(/^the coordinator is not available It has failed for/)])
    expect(warned.mock.calls.at(-1)).toEqual([expect.stringMatching(/has succeeded, after/)])
    warned.mockClear()
  })

  it('should go on when coordinators do not say for a while how transactions stand', () => {
    const scene = new SinkScene()
    scene.kafka.inject({ api: 'DescribeTransactions', times: 40 }, Fault.fail(unavailable()))
    scene.kafka.inject({ api: 'DescribeTransactions', nth: 45, times: 40 }, Fault.fail(unavailable()))
    scene.play(() => {
      scene.start(scene.job({ count: 40 }))
    }, 120_000)
    expect(scene.errors).toEqual([])
    expect(scene.committed).toEqual(numbers(40))
    expect(warned.mock.calls[0]).toEqual([expect.stringMatching(/^the coordinator is not available It has failed for/)])
    warned.mockClear()
  })

  it('should take another id when the answer to its initialisation is lost, since the request may be carried out late', () => {
    const scene = new SinkScene()
    scene.kafka.inject({ api: 'InitProducerId', transactionalId: 'job-0-3' }, Fault.loseAnswer())
    scene.kafka.inject({ api: 'InitProducerId', transactionalId: 'job-0-5' }, Fault.fail())
    scene.play(() => {
      scene.start(scene.job({ count: 40 }))
    }, 10_000)
    expect(scene.errors).toEqual([])
    expect(scene.committed).toEqual(numbers(40))
    const states = new Map(scene.kafka.transactions().map(({ transactionalId, state }) => [transactionalId, state]))
    expect([2, 3, 4, 5, 6].map((number) => states.get(`job-0-${number}`))).toEqual([
      ...['CompleteCommit', 'Empty', 'CompleteCommit', 'Empty', 'CompleteCommit'],
    ])
  })

  it('should not double what it committed when the answer to a commit is lost', () => {
    const scene = new SinkScene()
    scene.kafka.inject({ api: 'EndTxn', nth: 1 }, Fault.loseAnswer())
    scene.play(() => {
      scene.start(scene.job({ count: 40 }))
    }, 10_000)
    expect(scene.errors).toEqual([])
    expect(scene.committed).toEqual(numbers(40))
  })

  describe('with a subtask that has finished while another one goes on', () => {
    const twoSubtasks = (scene: SinkScene, between: (events$: Observable<SinkEvent>) => Observable<SinkEvent>) => {
      const coordinator = scene.coordinator()
      scene.start(between(scene.job({ coordinator, subtaskIndex: 0, parallelism: 2, count: 3 })))
      scene.start(between(scene.job({ coordinator, subtaskIndex: 1, parallelism: 2 })))
      return coordinator
    }

    it('should answer a stop, also when the other one was retried without it', () => {
      const scene = new SinkScene()
      const answers: unknown[] = []
      let failed = false
      const failOnce = tap<SinkEvent>(() => {
        if (failed || scene.scheduler.now() < 400) return
        failed = true
        throw new Error('once')
      })
      scene.play(() => {
        const coordinator = twoSubtasks(scene, (events$) =>
          events$.pipe(failOnce, retry({ delay: () => timer(50, scene.scheduler) })),
        )
        scene.at(1000, () => coordinator.stopWithSavepoint({ drain: false }).subscribe((it) => answers.push(it)))
      }, 3000)

      expect(failed).toBe(true)
      expect(answers).toMatchObject([{ savepoint: true }])
      const savepoint = restoredOf(scene.store, 2)
      const held = Object.values(savepoint?.prepared ?? {}).flatMap((all) => all.map(({ id }) => id))
      expect(held).toContain('job-0-1')
      expect(Object.values(savepoint?.committed ?? {}).flat()).toEqual(expect.arrayContaining(held))
    })

    it('should not collect in its checkpoints what the other one has committed', () => {
      const scene = new SinkScene()
      scene.play(() => twoSubtasks(scene, (events$) => events$), 2050)
      const { committed, checkpointId } = restoredOf(scene.store, 2)!

      expect(checkpointId).toBeGreaterThan(15)
      expect(Object.values(committed).flat().length).toBeLessThan(4)
    })
  })

  it('should warn when a slow checkpoint could outlive its transaction', () => {
    const scene = new SinkScene()
    scene.play(() => {
      scene.start(scene.job({ count: 5 }, { properties: { 'transaction.timeout.ms': 600_000 } }))
    }, 1000)
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('600100 ms from barrier to barrier'))
  })

  it('should refuse a transaction.timeout.ms above what the brokers allow', () => {
    const scene = new SinkScene()
    scene.play(() => {
      scene.start(scene.job({}, { properties: { 'transaction.timeout.ms': 3_600_000 } }))
    }, 1000)
    expect(scene.errors[0]).toMatchObject({ _tag: 'Config', retriable: false })
    expect(scene.errors[0]?.message).toContain('transaction.max.timeout.ms of 900000')
  })

  it('should be fenced by a successor of the same prefix, and say so', () => {
    const scene = new SinkScene()
    const elsewhere = new SinkScene()
    scene.play(() => {
      scene.start(scene.job())
      // Another job without its state: the same ids begin anew.
      scene.scheduler.schedule(() => {
        const coordinator = scene.coordinator({ store: elsewhere.store })
        scene.start(scene.job({ count: 10, coordinator }))
      }, 155)
    }, 3000)
    expect(scene.errors).toEqual([expect.objectContaining({ _tag: 'Fenced', retriable: false })])
    expect(scene.errors[0]?.message).toContain(
      'Another job has begun to use the transactional id prefix "job" (subtask 0)',
    )
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('prefix "job" was used before'))
  })

  it('should renew the ownership of its ids each hour, so that it is not forgotten while they are known', () => {
    const hour = 3_600_000
    const scheduler = new TestScheduler(() => undefined)
    const brokerConfig = { 'transactional.id.expiration.ms': String(1.2 * hour) }
    const scene = new SinkScene(scheduler, new MemoryKafka({ scheduler, topics: { out: 1 }, brokerConfig }))
    const elsewhere = new SinkScene()
    const renewed: number[] = []
    scene.kafka.calls$.subscribe(({ api, moment, transactionalId }) => {
      if (api === 'InitProducerId' && moment === 'before' && transactionalId === 'job-0-owner')
        renewed.push(scheduler.now() / hour)
    })
    let warnings: unknown
    const rare = { interval: 60_000, timeout: 50_000 }
    scene.play(() => {
      const first = scene.start(scene.job({ every: hour / 8, coordinator: scene.coordinator(rare) }))
      scene.at(1.05 * hour, () => first.unsubscribe())
      scene.at(1.5 * hour, () => {
        warnings = warned.mock.calls.length
        const coordinator = scene.coordinator({ ...rare, store: elsewhere.store })
        scene.start(scene.job({ every: hour / 8, coordinator }))
      })
    }, 1.8 * hour)
    expect([scene.errors, warnings]).toEqual([[], 0])
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('"job" was used before: job-0-owner'))
    expect(renewed.map((at) => Math.round(at * 10) / 10)).toEqual([0, 1, 1.5])
    expect(scene.committed.length).toBeGreaterThan(5)
  })

  it('should go on from the last checkpoint when a transaction expires while it is written', () => {
    const scene = new SinkScene()
    // As when the process or the machine sleeps: the records arrive when the broker has aborted their transaction.
    scene.kafka.inject({ api: 'Produce', nth: 12 }, Fault.delay(5_000))
    const met: unknown[] = []
    const lasting = retry<SinkEvent>({
      delay: (error: KafkaError) => {
        met.push([error._tag, error.retriable])
        return error.retriable ? timer(10, scene.scheduler) : throwError(() => error)
      },
    })
    scene.play(() => {
      const coordinator = scene.coordinator()
      const settings = { properties: { 'transaction.timeout.ms': 1000 } }
      scene.start(scene.job({ count: 40, coordinator }, settings).pipe(lasting))
    }, 20_000)
    expect(met).toEqual([['Fenced', true]])
    expect(scene.errors).toEqual([])
    expect(scene.committed).toEqual(numbers(40))
    expect(scene.completions).toBe(1)
  })
})

const unavailable = () =>
  new KafkaError({ _tag: 'Broker', message: 'the coordinator is not available', retriable: true, code: 15 })
