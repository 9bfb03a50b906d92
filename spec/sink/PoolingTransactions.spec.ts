import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { defer, switchMap, takeUntil, timer } from 'rxjs'
import { Fault } from '../../lib/memory/Fault.js'
import { PoolingTransactions } from '../../lib/sink/transaction/strategy/PoolingTransactions.js'
import type { FormerAttempts } from '../../lib/sink/transaction/strategy/TransactionStrategy.js'
import { runMarbles } from '../../lib/testing/runMarbles.js'
import { copying, type Copying, topics } from './support/copying.js'
import { described, outcomeOf, recorded, scene, stateOf } from './support/transactionScene.js'

const pooling = (world: ReturnType<typeof scene>, attempts: Partial<FormerAttempts> = {}) => {
  const strategy = new PoolingTransactions(world.sink)
  const former = { checkpointId: 4, parallelism: 1, states: [], recorded: [], usedBefore: false, ...attempts }
  const aborted = outcomeOf(() => strategy.endFormer(former))
  const next = () => outcomeOf(() => strategy.next()) as string
  return { strategy, aborted, next }
}

describe('PoolingTransactions', () => {
  it('should give an id again when its commit is noted, the lowest first, and not before', () => {
    const { strategy, next } = pooling(scene())
    expect([next(), next(), next()]).toEqual(['job-0-5', 'job-0-6', 'job-0-7'])
    strategy.ended(['job-0-6'])
    strategy.ended(['job-0-5'])
    expect([next(), next(), next()]).toEqual(['job-0-5', 'job-0-6', 'job-0-8'])
  })

  it('should never give an id again that somebody may initialise late', () => {
    const { strategy, next } = pooling(scene())
    next()
    strategy.leave('job-0-5')
    expect([next(), next()]).toEqual(['job-0-6', 'job-0-7'])
  })

  it('should have the store keep the records of all ids of the pool, in use or not', () => {
    const world = scene()
    const { strategy, next } = pooling(world)
    next()
    next()
    strategy.ended(['job-0-5'])
    expect(world.released.at(-1)).toBe(5)
    next()
    strategy.leave('job-0-5')
    strategy.ended(['job-0-6'])
    expect(world.released.at(-1)).toBe(6)
  })

  it('should mark each use of an id by its epoch', () => {
    const { strategy } = pooling(scene())
    const marks = [0, 1].map((epoch) => strategy.markOf({ transactionalId: 'job-0-5', producerId: 7n, epoch }))
    expect(marks).toEqual(['job-0-5 7 0', 'job-0-5 7 1'])
  })

  it('should end what is listed as open under its prefixes, for its subtasks, and nothing else', () => {
    const open = described('Ongoing')
    const ids = ['job-1-9', 'job-3-2', 'old-1-4', 'job-0-3', 'job-b-1-9', 'a-job-1-9', 'job-1-owner', 'job-1-8x']
    const world = scene({
      ids: { ...Object.fromEntries(ids.map((id) => [id, open])), 'job-1-7': described('CompleteCommit') },
    })
    const { aborted } = pooling(
      { ...world, sink: { ...world.sink, subtaskIndex: 1 } },
      { parallelism: 2, states: [{ ...stateOf(4), transactionalIdPrefix: 'old', subtaskIndex: 1 }] },
    )
    expect(aborted).toEqual(['job-1-9', 'job-3-2', 'old-1-4'])
    expect(world.asked.filter((what) => what.startsWith('init'))).toEqual([
      ...['init job-1-9', 'init job-3-2', 'init old-1-4'],
    ])
  })

  it('should end what is recorded before it lists, so that it ends nothing twice', () => {
    const world = scene({ ids: { 'job-0-2': described('Ongoing') } })
    const { aborted } = pooling(world, { recorded: [recorded] })
    expect(aborted).toEqual(['job-0-2'])
    expect(world.asked).toEqual(['describe 3', 'init job-0-2', 'close job-0-2', 'list'])
  })

  it('should go on from its own states and from those of INCREMENTING, not from others', () => {
    const pooled = { ...stateOf(), naming: { strategy: 'POOLING', lastNumber: 3 } }
    for (const state of [pooled, stateOf(3)])
      expect(pooling(scene(), { states: [state] }).strategy.snapshot([])).toEqual({
        strategy: 'POOLING',
        lastNumber: 3,
      })
    const unknown = { ...stateOf(), naming: { strategy: 'COUNTING' } }
    expect(pooling(scene(), { states: [unknown] }).aborted).toMatchObject({ _tag: 'Corrupt' })
  })
})

describe('sinkTo with EXACTLY_ONCE and POOLING', () => {
  const warned = jest.spyOn(console, 'warn')
  beforeEach(() => {
    warned.mockReset().mockImplementation(() => undefined)
  })
  afterEach(() => expect(warned.mock.calls).toEqual([]))

  const pooled = (settings: Copying = {}): Copying => ({ naming: 'POOLING', ...settings })

  it('should use its first id again when its transaction is committed, with two others ready', () => {
    runMarbles({ topics, until: 1_000 }, (helpers) => {
      const { produce, run, expectTransactions, expectCommits } = helpers
      produce('in', '10ms a 99ms b 99ms c 99ms d 99ms e')
      run(copying(helpers)(pooled({ count: 5 })))
      expectTransactions('job-').toBe('15ms o 84ms c 14ms n 84ms d 14ms m 84ms e 14ms p 84ms f---------(oc)', {
        ...{ o: 'open job-0-1', c: 'committed job-0-1', n: 'open job-0-2', d: 'committed job-0-2' },
        ...{ m: 'open job-0-3', e: 'committed job-0-3', p: 'open job-0-4', f: 'committed job-0-4' },
      })
      expectCommits('out').toBe('100ms a 99ms b 99ms c 99ms d---------e')
    })
  })

  it('should commit after a crash what was prepared under an id that was used before', () => {
    runMarbles({ topics, until: 1_500 }, (helpers) => {
      const { kafka, produce, run, expectCommits, expectTransactions } = helpers
      const job = copying(helpers)
      produce('in', '10ms a 99ms b 99ms c 99ms d 99ms e 99ms f')
      // The fifth transaction, the second of its id, is not committed before the process dies.
      kafka.inject({ api: 'EndTxn', nth: 5 }, Fault.delay(5_000))
      run(defer(() => job(pooled())).pipe(takeUntil(timer(520))))
      timer(520).subscribe(() => kafka.cut())
      run(timer(600).pipe(switchMap(() => job(pooled({ count: 6 })))))
      expectCommits('out').toBe('100ms a 99ms b 99ms c 99ms d 199ms e 99ms f')
      expectTransactions('job-0-1').toBe('15ms o 84ms c 314ms o 184ms c----n 94ms d', {
        ...{ o: 'open job-0-1', c: 'committed job-0-1', n: 'open job-0-17', d: 'committed job-0-17' },
      })
    })
  })
})
