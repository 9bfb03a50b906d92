import { describe, expect, it } from '@jest/globals'
import { defer, of, Subject, switchMap, timer } from 'rxjs'
import type { TransactionState } from '../../lib/client/TransactionDescription.js'
import { coroutine } from '../../lib/scheduling/coroutine.js'
import { checkOwner, checkPrepared } from '../../lib/sink/transaction/checkPrepared.js'
import { describeStandings } from '../../lib/sink/transaction/describeStandings.js'
import { IncrementingTransactions } from '../../lib/sink/transaction/strategy/IncrementingTransactions.js'
import type { SinkTransactions } from '../../lib/sink/transaction/SinkTransactions.js'
import { subtasksBeyond, takeOwnership } from '../../lib/sink/transaction/takeOwnership.js'
import { TransactionsAhead } from '../../lib/sink/transaction/TransactionsAhead.js'
import type { FormerAttempts } from '../../lib/sink/transaction/strategy/TransactionStrategy.js'
import { sinkStatesAmong } from '../../lib/sink/writer/KafkaWriterState.js'
import type { OwnerRecords } from '../../lib/stream/TwoPhaseCommit.js'
import { type MarbleHelpers, runMarbles } from '../../lib/testing/runMarbles.js'
import { described, firstAttempt, outcomeOf, recorded, type Scene, scene, stateOf } from './support/transactionScene.js'

const foreign = expect.objectContaining({ _tag: 'Fenced', retriable: false, fatal: true })

describe('describeStandings', () => {
  const prepared = (transactionalId: string) => ({ transactionalId, producerId: 7n, epoch: 0 })
  /** Asks about them at a coordinator that is in these states, from time to time, and says of `stays` that it is open. */
  const standings = ({ hot, scheduler }: MarbleHelpers, ids: readonly string[], states: string) => {
    const state$ = hot(states, { p: 'PrepareCommit', a: 'PrepareAbort', c: 'CompleteCommit', o: 'Ongoing' } as const)
    let state: TransactionState = 'Unknown'
    const asked$ = new Subject<string>()
    const describeTransactions = (some: readonly string[]) =>
      defer(() => {
        asked$.next(some.join())
        return of(new Map(some.map((id) => [id, described(id === 'stays' ? 'Ongoing' : state)])))
      })
    const admin = { describeTransactions }
    const sink = { ...scene().sink, scheduler, client: { admin } } as unknown as SinkTransactions
    state$.subscribe((next) => (state = next))
    const describing = () => coroutine(() => describeStandings(sink, ids.map(prepared)))
    return { standings$: timer(0).pipe(switchMap(describing)), asked$ }
  }

  it('should ask again about what its coordinator is ending, and about nothing else', () => {
    runMarbles((helpers) => {
      const { standings$, asked$ } = standings(helpers, ['stays', 'ends'], 'p 99ms c')
      helpers.expectObservable(standings$).toBe('170ms (s|)', { s: ['prepared', 'committed'] })
      helpers.expectObservable(asked$).toBe('b 19ms e 49ms e 99ms e', { b: 'stays,ends', e: 'ends' })
    })
  })

  it('should ask less and less often, and give up after 30 s', () => {
    runMarbles((helpers) => {
      const { standings$, asked$ } = standings(helpers, ['ends'], 'a')
      const timedOut = expect.objectContaining({ _tag: 'Timeout', retriable: true, transactionalId: 'ends' })
      helpers.expectObservable(standings$).toBe('30770ms #', {}, timedOut)
      const pauses = [19, 49, 99, 199, 399, 799, 1_599, 3_199, 6_399, 7_999, 9_999]
      helpers.expectObservable(asked$).toBe(`e ${pauses.map((ms) => `${ms}ms e`).join(' ')}`, { e: 'ends' })
    })
  })

  it('should ask nothing when there is nothing to ask about', () => {
    runMarbles((helpers) => {
      const { standings$, asked$ } = standings(helpers, [], 'o')
      helpers.expectObservable(standings$).toBe('(s|)', { s: [] })
      helpers.expectObservable(asked$).toBe('-')
    })
  })
})

const incrementing = (world: ReturnType<typeof scene>, attempts: Partial<FormerAttempts> = {}) => {
  const strategy = new IncrementingTransactions(world.sink)
  const former = { checkpointId: 4, parallelism: 1, states: [], recorded: [], usedBefore: false, ...attempts }
  return { strategy, aborted: outcomeOf(() => strategy.endFormer(former)) }
}

/** Transactions ahead, with the lowest number that the store is told to keep once these are committed. */
const ahead = (world: ReturnType<typeof scene>, usedBefore = false, count = 2) => {
  const { strategy } = incrementing(world, { usedBefore })
  const transactions = new TransactionsAhead(world.sink, strategy, count)
  transactions.fill()
  const take = () => transactions.take()?.identity.transactionalId
  const keptAfter = (...ids: readonly string[]) => {
    strategy.ended(ids)
    return world.released.at(-1)
  }
  return { take, keptAfter, fill: () => transactions.fill(), close: () => transactions.close() }
}

describe('TransactionsAhead', () => {
  it('should take an id, initialise it, and ask the store, for as many as are to be ready', () => {
    const world = scene()
    const { take, fill, keptAfter } = ahead(world)
    expect(world.asked).toEqual(['describe 16', 'init job-0-5', 'confirm', 'init job-0-6', 'confirm'])
    expect([keptAfter(), take(), keptAfter(), keptAfter('job-0-5')]).toEqual([5, 'job-0-5', 5, 6])
    fill()
    fill()
    expect(world.asked.slice(5)).toEqual(['init job-0-7', 'confirm'])
    expect([take(), take(), take(), keptAfter('job-0-6', 'job-0-7')]).toEqual([
      ...['job-0-6', 'job-0-7', undefined, Infinity],
    ])
  })

  it('should use no more ids while it fails, however often it tries', () => {
    for (const [fails, tried, again] of [
      ['init', ['init job-0-5', 'close job-0-5'], ['init job-0-5', 'confirm']],
      ['confirm', ['confirm'], ['confirm']],
    ] as const) {
      const world = scene()
      world.broken.add(fails)
      const { take, fill, keptAfter } = ahead(world, false, 1)
      world.asked.length = 0
      for (let tries = 0; tries < 20; tries++) fill()
      expect(world.asked).toEqual(Array.from({ length: 20 }, () => tried).flat())
      expect(take).toThrow(`no ${fails}`)
      // The store must not forget its block before it is used.
      expect(keptAfter()).toBe(5)
      world.broken.clear()
      world.asked.length = 0
      fill()
      expect([world.asked, take(), keptAfter('job-0-5')]).toEqual([again, 'job-0-5', Infinity])
      fill()
      expect(take()).toBe('job-0-6')
      // What is over does not fail the next one: none is ready yet.
      expect(take()).toBeUndefined()
    }
  })

  it('should leave an id whose initialisation got no answer, and take the next', () => {
    const world = scene({ inDoubt: 'job-0-5' })
    const { take, keptAfter } = ahead(world, false, 1)
    expect(world.asked.slice(1)).toEqual(['init job-0-5', 'close job-0-5', 'init job-0-6', 'confirm'])
    expect([keptAfter(), take()]).toEqual([6, 'job-0-6'])
  })

  it('should close what is initialised, also when the store has not answered about it', () => {
    const world = scene()
    world.broken.add('confirm')
    const { close } = ahead(world)
    close()
    expect(world.asked).toEqual(['describe 16', 'init job-0-5', 'confirm', 'close job-0-5'])
  })

  it('should close what was not taken, and begin nothing after', () => {
    const world = scene()
    const { take, fill, close, keptAfter } = ahead(world)
    close()
    fill()
    expect(world.asked.slice(5)).toEqual(['close job-0-5', 'close job-0-6'])
    expect([take(), keptAfter()]).toEqual([undefined, Infinity])
  })
})

describe('IncrementingTransactions', () => {
  it('should look at 16 ids at a time', () => {
    const world = scene()
    const { take, fill } = ahead(world, false, 1)
    for (let taken = 0; taken < 17; taken++) {
      take()
      fill()
    }
    expect(world.asked.filter((what) => what.startsWith('describe'))).toHaveLength(2)
  })

  it('should fail when an id that should be new is not, after it has asked whether it is still the newest attempt', () => {
    const world = scene({ ids: { 'job-0-9': described('CompleteCommit') } })
    expect(ahead(world).take).toThrow(
      '"job" (subtask 0) was used for what this checkpoint store does not know of: job-0-9',
    )
    expect(world.asked).toEqual(['describe 16', 'confirm'])

    const late = scene({ ids: { 'job-0-9': described('CompleteCommit') }, superseded: true })
    expect(ahead(late).take).toThrow('superseded')
  })

  it('should pass over ids of others when that is accepted, with a warning if it was not said before', () => {
    for (const [policy, usedBefore, said] of [
      ['takeOver', false, 1],
      ['takeOver', true, 0],
      ['fail', true, 0],
    ] as const) {
      const world = scene({ ids: { 'job-0-9': described('Ongoing') }, policy })
      expect(ahead(world, usedBefore).take()).toBe('job-0-21')
      expect([world.warnings.length, world.released]).toEqual([said, [21]])
      // Before it uses another one: what died in between must not leave these to the next attempt.
      expect(world.asked.slice(0, 5)).toEqual([
        'describe 16',
        'confirm',
        'pass over 5–20',
        'describe 16',
        'init job-0-21',
      ])
    }
  })

  it('should keep its own open ones below ids that it passes over, for the next attempt to end', () => {
    const world = scene({ ids: { 'job-0-25': described('Ongoing') }, policy: 'takeOver' })
    const { strategy } = incrementing(world)
    const taken = Array.from({ length: 17 }, () => outcomeOf(() => strategy.next()))
    expect(taken.slice(-2)).toEqual(['job-0-20', 'job-0-37'])
    expect(world.asked).toEqual(['describe 16', 'describe 16', 'confirm', 'pass over 21–36', 'describe 16'])
    expect(world.released).toEqual([5])
    strategy.ended(['job-0-5', 'job-0-6'])
    expect(world.released).toEqual([5, 7])
  })

  it('should keep in the state the highest number that any checkpoint has known of, of former attempts too', () => {
    const { strategy } = incrementing(scene(), { states: [stateOf(3)] })
    const lastNumber = (...prepared: readonly string[]) => strategy.snapshot(prepared)
    expect(lastNumber()).toEqual({ strategy: 'INCREMENTING', lastNumber: 3 })
    const [five, six] = [outcomeOf(() => strategy.next()), outcomeOf(() => strategy.next())] as [string, string]
    expect([five, six]).toEqual(['job-0-5', 'job-0-6'])
    expect(lastNumber(five)).toMatchObject({ lastNumber: 5 })
    expect(lastNumber(five, six)).toMatchObject({ lastNumber: 6 })
    strategy.ended([five, six])
    expect(lastNumber()).toMatchObject({ lastNumber: 6 })
  })

  it('should begin with 0 where no checkpoint is restored, or none of its prefix', () => {
    for (const attempts of [{ checkpointId: undefined }, { states: [{ ...stateOf(3), transactionalIdPrefix: 'b' }] }])
      expect(incrementing(scene(), attempts).strategy.snapshot([])).toMatchObject({ lastNumber: 0 })
  })

  it('should not go on from what another strategy has named, under whichever uid, and touch nothing', () => {
    const pooled = { ...stateOf(), naming: { strategy: 'POOLING' } }
    for (const attempts of [{ states: [pooled] }, { recorded: [{ ...recorded, states: [stateOf(2), pooled] }] }]) {
      const world = scene({ ids: { 'job-0-2': described('Ongoing') } })
      expect(incrementing(world, attempts).aborted).toMatchObject({
        ...{ _tag: 'Config', retriable: false, fatal: true },
        message: expect.stringMatching(
          /^Attempted to switch .* back to INCREMENTING .*"job" \(subtask 0\) in checkpoint 4/,
        ),
      })
      expect(world.asked).toEqual([])
    }
  })

  it('should not take a state for its own that is damaged', () => {
    const damaged = { ...stateOf(), naming: { strategy: 'INCREMENTING', lastNumber: 'three' } }
    expect(incrementing(scene(), { states: [damaged] }).aborted).toMatchObject({ _tag: 'Corrupt' })
  })
})

describe('takeOwnership', () => {
  it('should record that the owner changes, ask the store, change it, and record who it is', () => {
    const world = scene()
    expect(outcomeOf(() => takeOwnership(world.sink, []))).toEqual({
      owner: { producerId: '7', epoch: 0 },
      usedBefore: false,
    })
    expect(world.asked).toEqual([
      'describe 1',
      'record owner …',
      'confirm',
      'init job-0-owner',
      'close job-0-owner',
      'record owner 0',
    ])
    expect(world.warnings).toEqual([])
  })

  const ids = { 'job-0-owner': described('Empty', 7n, 3) }

  it('should warn when an empty store finds its prefix used', () => {
    const world = scene({ ids })
    expect(outcomeOf(() => takeOwnership(world.sink, []))).toEqual({
      owner: { producerId: '7', epoch: 4 },
      usedBefore: true,
    })
    expect(world.warnings).toEqual([expect.stringContaining('the transactional id prefix "job" was used before')])
  })

  it('should fail when somebody else owns the prefix, or take it over with a warning', () => {
    const owners = { firstAttempt: false, nameKnown: true, owners: [{ producerId: '7', epoch: 1 }], changing: 0 }
    const refused = scene({ ids, owners })
    expect(outcomeOf(() => takeOwnership(refused.sink, []))).toEqual(foreign)
    expect(refused.asked).toEqual(['describe 1'])

    const accepted = scene({ ids, owners, policy: 'takeOver' })
    expect(outcomeOf(() => takeOwnership(accepted.sink, []))).toMatchObject({ usedBefore: true, owner: { epoch: 4 } })
    expect(accepted.warnings).toEqual([expect.stringContaining('job-0-owner')])
  })

  describe('of a prefix that only a subtask beyond the parallelism has used', () => {
    const left = { 'job-1-owner': described('Empty', 7n, 3), 'job-1-1': described('CompleteCommit') }
    const take = (owners: OwnerRecords, policy: Scene['policy'] = 'fail') => {
      const world = scene({ ids: left, owners, policy })
      return { ...world, outcome: outcomeOf(() => takeOwnership(world.sink, subtasksBeyond(1))) }
    }

    it('should warn when the store is empty, and ask no more often', () => {
      const { outcome, warnings, asked } = take(firstAttempt)
      expect(outcome).toEqual({ owner: { producerId: '7', epoch: 0 }, usedBefore: true })
      expect(warnings).toEqual([expect.stringContaining('"job" was used before: job-1-owner')])
      expect(asked.filter((what) => what.startsWith('describe'))).toEqual(['describe 16'])
    })

    it('should fail when the store knows attempts, but not the prefix', () => {
      const owners = { ...firstAttempt, firstAttempt: false }
      expect(take(owners).outcome).toEqual(foreign)
      expect(take(owners).outcome).toMatchObject({ transactionalId: 'job-1-owner' })
      const { outcome, warnings } = take(owners, 'takeOver')
      expect([outcome, warnings]).toEqual([
        expect.objectContaining({ usedBefore: true }),
        [expect.stringContaining('"job" (subtask 1) was used')],
      ])
    })

    it('should find nothing when the store knows the prefix: the job had that subtask before', () => {
      for (const first of [true, false]) {
        const { outcome, warnings } = take({ ...firstAttempt, firstAttempt: first, nameKnown: true })
        expect([outcome, warnings]).toEqual([{ owner: { producerId: '7', epoch: 0 }, usedBefore: false }, []])
      }
    })
  })
})

describe('checkPrepared and checkOwner', () => {
  const owner = { producerId: '7', epoch: 3 }
  const committable = { transactionalId: 'job-0-5', producerId: 9n, epoch: 0, checkpointId: 6, records: 2 }
  const ids = { 'job-0-owner': described('Empty', 7n, 3), 'job-0-5': described('Ongoing', 9n) }

  it('should say who the owner is, with one request, when all is well', () => {
    const world = scene({ ids })
    const prepared = { owner, committables: [committable], expiring: undefined }
    expect(outcomeOf(() => checkPrepared(world.sink, prepared))).toBe(owner)
    expect(outcomeOf(() => checkOwner(world.sink, owner))).toBe(owner)
    expect(world.asked).toEqual(['describe 2', 'describe 1'])
  })

  it('should refuse what is dead, empty, forgotten, or about to expire', () => {
    for (const state of [described('CompleteAbort', 9n, 1), described('Empty', 9n), undefined]) {
      const { 'job-0-5': _, ...others } = ids
      const world = scene({ ids: state === undefined ? others : { ...others, 'job-0-5': state } })
      const prepared = { owner, committables: [committable], expiring: undefined }
      expect(outcomeOf(() => checkPrepared(world.sink, prepared))).toMatchObject({
        ...{ _tag: 'TransactionLost', retriable: true, transactionalId: 'job-0-5' },
      })
    }
    const world = scene({ ids })
    const expiring = { owner, committables: [committable], expiring: committable }
    expect(outcomeOf(() => checkPrepared(world.sink, expiring))).toMatchObject({
      message: expect.stringContaining('is about to expire'),
    })
    expect(world.asked).toEqual([])
  })

  const known: OwnerRecords = { firstAttempt: false, nameKnown: true, owners: [], changing: 0 }

  it('should take the prefix back from a former attempt that woke, and from nobody else', () => {
    const changed = { ...ids, 'job-0-owner': described('Empty', 7n, 4) }
    const woken = scene({ ids: changed, owners: { ...known, changing: 1 } })
    expect(outcomeOf(() => checkOwner(woken.sink, owner))).toEqual({ producerId: '7', epoch: 5 })

    const other = scene({ ids: changed, owners: known })
    expect(outcomeOf(() => checkOwner(other.sink, owner))).toMatchObject({
      ...{ _tag: 'Fenced', retriable: false },
      message: expect.stringContaining('Another job has begun to use'),
    })
    const stranger = scene({
      ids: { ...ids, 'job-0-owner': described('Empty', 8n, 4) },
      owners: { ...known, changing: 1 },
    })
    expect(outcomeOf(() => checkOwner(stranger.sink, owner))).toMatchObject({ _tag: 'Fenced', retriable: false })
    const newer = scene({ ids: changed, superseded: true })
    expect(outcomeOf(() => checkOwner(newer.sink, owner))).toEqual(new Error('superseded'))
  })
})

describe('sinkStatesAmong', () => {
  it('should leave states of sinks of another kind alone', () => {
    expect(sinkStatesAmong([{ open: ['tx 1'] }], 5)).toEqual([])
  })
})

describe('IncrementingTransactions.endFormer', () => {
  const end = (world: ReturnType<typeof scene>, last: number | undefined, one = recorded) =>
    incrementing(world, { states: [stateOf(last)], recorded: [one] }).aborted

  it('should initialise every id that is known and not committed, and name those that were open', () => {
    const ids = {
      'job-0-1': described('CompleteCommit'),
      'job-0-2': described('Ongoing'),
      'job-0-3': described('Empty'),
    }
    const world = scene({ ids })
    expect(end(world, 1)).toEqual(['job-0-2'])
    expect(world.asked).toEqual(['describe 3', 'init job-0-2', 'close job-0-2', 'init job-0-3', 'close job-0-3'])
    const nothing = scene()
    expect([end(nothing, 1), nothing.asked]).toEqual([[], ['describe 3']])
  })

  it('should find a commit that the restored checkpoint does not know of', () => {
    for (const state of ['CompleteCommit', 'PrepareCommit'] as const) {
      const ids = { 'job-0-2': described(state) }
      const world = scene({ ids })
      expect(end(world, 1)).toEqual(foreign)
      expect(world.asked).toEqual(['describe 3'])
    }
    const ids = { 'job-0-2': described('CompleteCommit') }
    const accepted = scene({ ids, policy: 'takeOver' })
    expect([end(accepted, 1), accepted.warnings.length]).toEqual([[], 1])
    // Where it is not known how far the commits go, and where they go so far.
    for (const last of [undefined, 2]) expect(end(scene({ ids }), last)).toEqual([])
  })

  it('should find a commit where no checkpoint is restored: there can be none then', () => {
    const world = scene({ ids: { 'job-0-1': described('CompleteCommit') } })
    expect(incrementing(world, { checkpointId: undefined, recorded: [recorded] }).aborted).toEqual(foreign)
  })

  it('should search upward from the last checkpoint for what a release left that recorded nothing', () => {
    const ids = { 'job-0-5': described('Ongoing'), 'job-0-21': described('CompleteAbort') }
    const world = scene({ ids })
    expect(end(world, undefined, { ...recorded, blocks: [], unrecorded: true })).toEqual(['job-0-5'])
    expect(world.asked).toEqual([
      ...['describe 16', 'describe 16', 'describe 16'],
      ...['init job-0-5', 'close job-0-5', 'init job-0-21', 'close job-0-21'],
    ])
  })
})
