import { describe, expect, it } from '@jest/globals'
import { defer, EMPTY, map, type Observable, of, Subject } from 'rxjs'
import { ReservedIds } from '../../../lib/checkpoint/attempt/ReservedIds.js'
import type {
  AttemptLedger,
  EarlierCheckpoint,
  FormerHolder,
  SinkRecord,
} from '../../../lib/checkpoint/store/AttemptLedger.js'
import type { StoredCheckpoint } from '../../../lib/checkpoint/store/CheckpointStore.js'
import { TwoPhaseRecovery } from '../../../lib/checkpoint/recovery/TwoPhaseRecovery.js'
import type { RestoredTransaction, TransactionStanding, TwoPhaseSink } from '../../../lib/stream/TwoPhaseCommit.js'
import { runMarbles } from '../../../lib/testing/runMarbles.js'
import { tagged } from '../support/job.js'
import { steps } from '../support/steps.js'

const checkpoint = (prepared: StoredCheckpoint['prepared'] = {}, committed = {}): StoredCheckpoint => ({
  ...{ checkpointId: 5, timestamp: 0, savepoint: false, parallelism: 2, operatorStates: {}, prepared, committed },
  states: { sink: ['state 0', 'state 1'], gone: ['gone 0', null] },
})

const holder = (special: Partial<FormerHolder> = {}): FormerHolder => ({
  ...{ attemptId: 'attempt-000001', parallelism: 2, subtasks: [0, 1], blocks: [{ first: 1, last: 16 }] },
  ...{ sinks: [], unrecorded: false },
  ...special,
})

const record = (name: string, subtaskIndex = 0, uid = 'sink'): SinkRecord => ({ name, uid, subtaskIndex })

/** The recovery of an attempt, and what it asks of its store. */
const recoveryOf = ({
  restored = undefined as StoredCheckpoint | undefined,
  subtasks = [0, 1] as readonly number[],
  earlier = undefined as EarlierCheckpoint | undefined,
  goesBack = true,
  others = [] as readonly SinkRecord[],
} = {}) => {
  const asked: unknown[] = []
  const written: (readonly SinkRecord[])[] = []
  const changed$ = new Subject<void>()
  let changes = 0
  changed$.subscribe(() => changes++)
  const say = <A>(what: unknown, answer: Observable<A>): Observable<A> =>
    defer(() => {
      asked.push(what)
      return answer
    })
  const ledger: AttemptLedger = {
    ...{ mayReplace: false, first: others.length === 0 },
    takeOver: () => of([]),
    reserve: () => of({ first: 17, last: 32 }),
    release: () => EMPTY,
    confirm: () => say('confirm', of(undefined)),
    otherSinks: () => of(others),
    recordSinks: (sinks) => {
      written.push(sinks)
      return say(['sinks', ...sinks.map(({ name, owner }) => `${name} ${owner?.epoch}`)], of(undefined))
    },
    settled: () => EMPTY,
    newestBefore: (subtask, before) => say(['before', subtask, before], of(earlier)),
    goBack: (before) => say(['go back', ...before], of(goesBack)),
  }
  const recovery = new TwoPhaseRecovery({
    ...{ restored, ledger, ids: new ReservedIds(ledger), share: { parallelism: 2, subtasks } },
    changed: () => changed$.next(),
  })
  return { recovery, asked, written, changed$, changes: () => changes }
}

const transaction = (
  id: string,
  standing: TransactionStanding,
  checkpointId = 3,
  subtaskIndex = 0,
): RestoredTransaction => ({
  ...{ uid: 'sink', id, standing, checkpointId, subtaskIndex },
})

/** When it is known who takes part. */
const known = (sink: TwoPhaseSink) => sink.inheritance$.pipe(map(() => 'k'))

describe('TwoPhaseRecovery', () => {
  describe('who takes part', () => {
    it('should be known when all have joined that the checkpoint and former attempts know of', () => {
      runMarbles(({ expectObservable, ...helpers }) => {
        const prepared = { sink: [{ id: 't', checkpointId: 5, subtaskIndex: 1 }] }
        const { recovery } = recoveryOf({ restored: checkpoint(prepared) })
        const sink = recovery.join('sink', 'job', 0)
        steps(helpers, '                   -b-1-l', {
          b: () => recovery.begin([holder({ sinks: [record('late', 0, 'late')], subtasks: [0] })]),
          1: () => recovery.join('sink', 'job', 1),
          l: () => recovery.join('late', 'late', 0),
        })
        expectObservable(known(sink)).toBe('-----(k|)')
      })
    })

    it('should not be known before the attempt has taken over, nor without any sink', () => {
      runMarbles(({ expectObservable, ...helpers }) => {
        const { recovery } = recoveryOf()
        const sink = recovery.join('sink', 'job', 0)
        steps(helpers, '                   ---b', { b: () => recovery.begin([]) })
        expectObservable(known(sink)).toBe('---(k|)')
      })

      const without = recoveryOf().recovery
      without.begin([])
      expect(without.settled).toBe(false)
      without.close()
      expect(without.settled).toBe(true)
    })

    it('should be known when no more will join', () => {
      runMarbles(({ expectObservable, ...helpers }) => {
        const prepared = { gone: [{ id: 't', checkpointId: 5, subtaskIndex: 0 }] }
        const { recovery } = recoveryOf({ restored: checkpoint(prepared) })
        const sink = recovery.join('sink', 'job', 0)
        steps(helpers, '                          -b-c', {
          b: () => recovery.begin([]),
          c: () => recovery.close(),
        })
        expectObservable(sink.inheritance$).toBe('---(i|)', {
          i: { orphans: [{ uid: 'gone', states: ['gone 0'] }], former: [] },
        })
      })
    })

    it('should not wait for what is committed, nor for subtasks of other processes', () => {
      runMarbles(({ expectObservable, ...helpers }) => {
        const prepared = {
          sink: [{ id: 't', checkpointId: 5, subtaskIndex: 0 }],
          other: [{ id: 'u', checkpointId: 5, subtaskIndex: 1 }],
        }
        const { recovery } = recoveryOf({ restored: checkpoint(prepared, { sink: ['t'] }), subtasks: [0] })
        const sink = recovery.join('new', 'job', 0)
        steps(helpers, '                   -b', {
          b: () => recovery.begin([holder({ sinks: [record('there', 1)], subtasks: [1] })]),
        })
        expectObservable(known(sink)).toBe('-(k|)')
      })
    })

    it('should refuse two of one name in a subtask, unless one of them has left', () => {
      const { recovery } = recoveryOf()
      const first = recovery.join('one', 'job', 0)
      recovery.join('one', 'job', 1)
      recovery.join('one', 'other', 0)
      expect(() => recovery.join('two', 'job', 0)).toThrow(
        'Two sinks of this job use the transactional id prefix "job"',
      )
      first.leave()
      recovery.join('two', 'job', 0)
    })
  })

  describe('what former attempts have left', () => {
    const formerOf = (sink: TwoPhaseSink) =>
      sink.inheritance$.pipe(map(({ former }) => former.map(({ name, subtaskIndex }) => `${name} ${subtaskIndex}`)))

    it('should go to the sink of its name and subtask, and to the first one when its sink is gone', () => {
      runMarbles(({ expectObservable, ...helpers }) => {
        const { recovery } = recoveryOf()
        const [a, b, c] = [recovery.join('a', 'a', 0), recovery.join('b', 'b', 0), recovery.join('a', 'a', 1)]
        steps(helpers, '                    -b-c', {
          b: () => recovery.begin([holder({ sinks: [record('a'), record('b', 1), record('gone')] })]),
          c: () => recovery.close(),
        })
        expectObservable(formerOf(a)).toBe('---(f|)', { f: ['a 0', 'gone 0'] })
        expectObservable(formerOf(b)).toBe('---(f|)', { f: ['b 0'] })
        expectObservable(formerOf(c)).toBe('---(f|)', { f: ['a 1', 'b 1', 'gone 1'] })
      })
    })

    it('should go to the heir of a subtask that is no more', () => {
      runMarbles(({ expectObservable, ...helpers }) => {
        const { recovery } = recoveryOf()
        const [zero, ones] = [recovery.join('a', 'a', 0), recovery.join('a', 'a', 1)]
        steps(helpers, '                       -b', {
          b: () => recovery.begin([holder({ parallelism: 4, subtasks: [0, 1, 2, 3], sinks: [record('a', 0, 'a')] })]),
        })
        expectObservable(formerOf(zero)).toBe('-(f|)', { f: ['a 0', 'a 2'] })
        expectObservable(formerOf(ones)).toBe('-(f|)', { f: ['a 1', 'a 3'] })
      })
    })

    it('should be searched for by the names of today, where a release recorded none', () => {
      runMarbles(({ expectObservable, flush, ...helpers }) => {
        const { recovery } = recoveryOf()
        const sink = recovery.join('a', 'a', 0)
        steps(helpers, '                       -b-c', {
          b: () => recovery.begin([holder({ unrecorded: true })]),
          c: () => recovery.close(),
        })
        expectObservable(formerOf(sink)).toBe('-(f|)', { f: ['a 0'] })
        flush()
        expect(recovery.abandons).toBe(true)
        recovery.join('a', 'a', 1)
        expect(recovery.abandons).toBe(false)
      })
    })
  })

  describe('the decision', () => {
    const earlier = { checkpointId: 2, committedAfter: false }

    it('should come when all have told how theirs stand, and be to commit what lives', () => {
      runMarbles(({ expectObservable, flush }) => {
        const { recovery, asked } = recoveryOf()
        const [a, b] = [recovery.join('a', 'a', 0), recovery.join('b', 'b', 0)]
        recovery.begin([])
        const ofA$ = a.decide([transaction('x', 'prepared'), transaction('y', 'committed', 4)])
        const ofB$ = b.decide([])
        expectObservable(ofA$, '-^  ').toBe('---(d|)', { d: ['commit', 'commit'] })
        expectObservable(ofB$, '---^').toBe('---(d|)', { d: [] })
        flush()
        expect(asked).toEqual([])
      })
    })

    it('should send all back when one is dead and nothing after it is visible', () => {
      runMarbles(({ expectObservable, flush }) => {
        const { recovery, asked } = recoveryOf({ earlier })
        const [a, b] = [recovery.join('a', 'a', 0), recovery.join('b', 'b', 0)]
        recovery.begin([])
        const ofA$ = a.decide([transaction('x', 'dead')])
        const ofB$ = b.decide([transaction('y', 'prepared')])
        expectObservable(ofA$, '      -^      ').toBe('---(d|)', { d: ['abort'] })
        expectObservable(ofB$, '      ---^    ').toBe('---(d|)', { d: ['abort'] })
        expectObservable(a.goBack(), '-----^  ').toBe('-------#', {}, tagged('WentBack'))
        expectObservable(b.goBack(), '-------^').toBe('-------#', {}, tagged('WentBack'))
        flush()
        expect(asked).toEqual([
          ['before', 0, 3],
          ['go back', [0, 3]],
        ])
      })
    })

    it('should say so when the store no longer has the checkpoint', () => {
      runMarbles(({ expectObservable }) => {
        const { recovery } = recoveryOf({ earlier, goesBack: false })
        const sink = recovery.join('a', 'a', 0)
        recovery.begin([])
        expectObservable(sink.decide([transaction('x', 'dead')])).toBe('(d|)', { d: ['abort'] })
        expectObservable(sink.goBack(), '---^').toBe('---#', {}, tagged('StoreFailed'))
      })
    })

    it('should be a loss when there is nothing to go back to, or something after it is visible', () => {
      for (const before of [{}, { earlier: { checkpointId: 2, committedAfter: true } }])
        runMarbles(({ expectObservable }) => {
          const { recovery } = recoveryOf(before)
          const sink = recovery.join('a', 'a', 0)
          recovery.begin([])
          const decision$ = sink.decide([transaction('x', 'dead'), transaction('y', 'prepared', 4)])
          expectObservable(decision$).toBe('(d|)', { d: ['lost', 'commit'] })
        })
    })

    it('should not be changed by a sink that comes when it is made', () => {
      runMarbles(({ expectObservable }) => {
        const { recovery } = recoveryOf({ earlier })
        const sink = recovery.join('a', 'a', 0)
        recovery.begin([])
        const late$ = defer(() => recovery.join('b', 'b', 0).decide([transaction('y', 'dead')]))
        expectObservable(sink.decide([transaction('x', 'prepared')])).toBe('(d|)', { d: ['commit'] })
        expectObservable(late$, '---^').toBe('---(d|)', { d: ['lost'] })
      })
    })
  })

  describe('a sink that leaves before it has ended its transactions', () => {
    const ofSink = { sink: [{ id: 'x', checkpointId: 3, subtaskIndex: 0 }] }

    it('should not hold the others up when there are none', () => {
      runMarbles(({ expectObservable, flush, ...helpers }) => {
        const { recovery } = recoveryOf({ restored: checkpoint(ofSink) })
        const [sink, other] = [recovery.join('sink', 'job', 0), recovery.join('other', 'other', 0)]
        recovery.begin([])
        steps(helpers, '                  ---l-s', { l: () => other.leave(), s: () => sink.settled() })
        const decision$ = sink.decide([transaction('x', 'prepared')])
        expectObservable(decision$).toBe('---(d|)', { d: ['commit'] })
        flush()
        expect(recovery.leftUnsettled).toBe(undefined)
        // What others had opened under its name may still be open.
        expect(recovery.settled).toBe(false)
      })
    })

    it.each([
      ['its own', ofSink],
      ['those of a sink that is gone', { gone: [{ id: 'x', checkpointId: 3, subtaskIndex: 0 }] }],
    ])('should be named when there are %s: a decision without them may lose them', (_, prepared) => {
      runMarbles(({ expectObservable, flush, ...helpers }) => {
        const { recovery, asked, changes } = recoveryOf({ restored: checkpoint(prepared) })
        const [sink, other] = [recovery.join('sink', 'job', 0), recovery.join('other', 'other', 0)]
        recovery.begin([])
        recovery.close()
        expect(recovery.leftUnsettled).toBe(undefined)
        steps(helpers, '                             ---l', { l: () => sink.leave() })
        const decision$ = other.decide([transaction('y', 'prepared')])
        expectObservable(decision$, '-----^').toBe('-')
        flush()
        expect(changes()).toBe(1)
        expect(recovery.leftUnsettled).toMatchObject({ name: 'job', subtaskIndex: 0 })
        expect(asked).toEqual([])
      })
    })

    it('should not be named when its transactions are committed, or of another subtask', () => {
      runMarbles(({ expectObservable, flush, ...helpers }) => {
        const prepared = { sink: [...ofSink.sink, { id: 'y', checkpointId: 3, subtaskIndex: 1 }] }
        const { recovery } = recoveryOf({ restored: checkpoint(prepared, { sink: ['x'] }) })
        const [zero, one] = [recovery.join('sink', 'job', 0), recovery.join('sink', 'job', 1)]
        recovery.begin([])
        steps(helpers, '                      -l', { l: () => zero.leave() })
        expectObservable(one.decide([]), '---^').toBe('---(d|)', { d: [] })
        flush()
        expect(recovery.leftUnsettled).toBe(undefined)
      })
    })

    it('should be as one that has not come when it is not known yet who takes part', () => {
      runMarbles(({ expectObservable, flush, ...helpers }) => {
        const { recovery } = recoveryOf({ restored: checkpoint(ofSink) })
        const [sink, other] = [recovery.join('sink', 'job', 0), recovery.join('other', 'other', 0)]
        steps(helpers, '                                 -l-b-c---s', {
          l: () => sink.leave(),
          b: () => recovery.begin([holder({ sinks: [record('job')], subtasks: [0] })]),
          c: () => recovery.close(),
          s: () => other.settled(),
        })
        const decision$ = other.decide([transaction('x', 'prepared')])
        expectObservable(other.inheritance$).toBe('-----(i|)', {
          i: expect.objectContaining({
            orphans: [expect.objectContaining({ uid: 'sink', states: ['state 0'] })],
            former: [expect.objectContaining({ name: 'job' })],
          }),
        })
        expectObservable(decision$, '-------^').toBe(' -------(d|)', { d: ['commit'] })
        flush()
        expect([recovery.settled, recovery.leftUnsettled]).toEqual([true, undefined])
      })
    })

    it('should be named when the others wait for it to go back', () => {
      runMarbles(({ expectObservable, flush, ...helpers }) => {
        const earlier = { checkpointId: 2, committedAfter: false }
        const { recovery, asked } = recoveryOf({ restored: checkpoint(ofSink), earlier })
        const [sink, other] = [recovery.join('sink', 'job', 0), recovery.join('other', 'other', 0)]
        recovery.begin([])
        steps(helpers, '                              -----l', { l: () => sink.leave() })
        expectObservable(sink.decide([transaction('x', 'dead')])).toBe('     (d|)', { d: ['abort'] })
        expectObservable(other.decide([transaction('y', 'prepared')])).toBe('(d|)', { d: ['abort'] })
        expectObservable(other.goBack(), '---^').toBe('-')
        flush()
        expect(recovery.leftUnsettled).toMatchObject({ name: 'job' })
        expect(asked).toEqual([['before', 0, 3]])
      })
    })

    it('should not be named when it has ended them before, nor because it says twice that it leaves', () => {
      runMarbles(({ expectObservable, flush, ...helpers }) => {
        const { recovery, changes } = recoveryOf({ restored: checkpoint(ofSink) })
        const early = recovery.join('early', 'early', 0)
        const sink = recovery.join('sink', 'job', 0)
        steps(helpers, '                         (ee)-b---s-l', {
          e: () => early.leave(),
          b: () => recovery.begin([]),
          s: () => sink.settled(),
          l: () => sink.leave(),
        })
        const decision$ = sink.decide([transaction('x', 'prepared')])
        expectObservable(decision$, '-------^').toBe('-------(d|)', { d: ['commit'] })
        flush()
        expect([recovery.leftUnsettled, recovery.settled, changes()]).toEqual([undefined, true, 3])
      })
    })
  })

  it('should be settled when every sink has ended what it was left, and say that it changed', () => {
    runMarbles(({ expectObservable, ...helpers }) => {
      const { recovery, changed$ } = recoveryOf()
      const [a, b] = [recovery.join('a', 'a', 0), recovery.join('b', 'b', 0)]
      recovery.begin([])
      steps(helpers, '                 -a-b', { a: () => a.settled(), b: () => b.settled() })
      const settled$ = changed$.pipe(map(() => recovery.settled))
      expectObservable(settled$).toBe('-n-y', { n: false, y: true })
    })
  })

  it('should know that there are transactions of former attempts which no sink of this one ends', () => {
    const { recovery } = recoveryOf()
    recovery.join('sink', 'job', 0)
    recovery.begin([holder({ sinks: [record('job', 0), record('job', 1)] })])
    recovery.close()
    expect(recovery.abandons).toBe(true)
    recovery.join('sink', 'job', 1)
    expect(recovery.abandons).toBe(false)

    const without = recoveryOf().recovery
    without.join('sink', 'job', 0)
    without.begin([holder()])
    without.close()
    expect(without.abandons).toBe(false)
  })

  it('should know which numbers those use that have not left: from what is not over to the last one they got', () => {
    runMarbles(({ expectObservable, ...helpers }) => {
      const { recovery } = recoveryOf()
      expect(recovery.idsInUse).toEqual([])
      const [a, b] = [recovery.join('a', 'a', 0), recovery.join('b', 'b', 0)]
      expectObservable(a.nextNumber(0), '-^   ').toBe(' -(i|)', { i: 17 })
      expectObservable(a.nextNumber(17), '--^ ').toBe('--(i|)', { i: 18 })
      expectObservable(b.nextNumber(20), '---^').toBe('---(i|)', { i: 21 })
      steps(helpers, '          -----r-l', {
        r: () => {
          a.release(18)
          b.release(20)
        },
        // It may be about to open the last one that it got.
        l: () => {
          a.release(Infinity)
          b.leave()
        },
      })
      const inUse$ = helpers
        .cold('x---x-x-x')
        .pipe(map(() => recovery.idsInUse.map(({ first, last }) => `${first}-${last}`).join()))
      expectObservable(inUse$).toBe('n---g-r-l', { n: '0-0,0-0', g: '1-18,1-21', r: '18-18,20-21', l: '18-18' })
    })
  })

  it('should leave alone what former attempts have passed over, which others use, and note what this one does', () => {
    runMarbles(({ expectObservable, flush, ...helpers }) => {
      const blocks = [
        { first: 1, last: 16 },
        { first: 17, last: 32 },
        { first: 33, last: 48 },
      ]
      const { recovery, asked, written } = recoveryOf()
      const [sink, other] = [recovery.join('sink', 'job', 0), recovery.join('other', 'other', 0)]
      recovery.begin([
        holder({ blocks, sinks: [{ ...record('job'), passedOver: [{ first: 1, last: 20 }] }, record('other')] }),
      ])
      const owner = { producerId: '7', epoch: 2 }
      steps(helpers, '                         -c-opnqr', {
        c: () => recovery.close(),
        o: () => sink.recordOwner(owner),
        p: () => sink.passOver(49, 64),
        n: () => sink.recordOwner(undefined),
        q: () => sink.passOver(65, 80),
        r: () => sink.passOver(97, 112),
      })
      const blocksOf = ({ inheritance$ }: TwoPhaseSink) =>
        inheritance$.pipe(
          map(({ former }) => former.filter(({ subtaskIndex }) => subtaskIndex === 0).map((one) => one.blocks)),
        )
      expectObservable(blocksOf(sink)).toBe(' -(b|)', { b: [[{ first: 21, last: 32 }, blocks[2]]] })
      expectObservable(blocksOf(other)).toBe('-(b|)', { b: [blocks] })
      flush()
      expect(asked.length).toBe(5)
      expect(written.map(([one]) => [one?.owner, one?.passedOver])).toEqual([
        [owner, undefined],
        [owner, [{ first: 49, last: 64 }]],
        [undefined, [{ first: 49, last: 64 }]],
        [undefined, [{ first: 49, last: 80 }]],
        [undefined, [{ first: 49, last: 80 }, { first: 97, last: 112 }]], // prettier-ignore
      ])
    })
  })

  it('should hand on what is recorded about owners, by name and subtask', () => {
    runMarbles(({ expectObservable, flush, ...helpers }) => {
      const owner = { producerId: '7', epoch: 2 }
      const others = [
        record('job', 1),
        { ...record('job'), owner },
        record('other'),
        { ...record('job'), uid: 'former' },
      ]
      const { recovery, asked } = recoveryOf({ others })
      const sink = recovery.join('sink', 'job', 0)
      const ownerRecords = (name: string, subtaskIndex: number) =>
        defer(() => recovery.join('sink', name, subtaskIndex).ownerRecords())
      const known = { firstAttempt: false, nameKnown: true, owners: [], changing: 0 }
      expectObservable(sink.ownerRecords()).toBe('   (r|)', { r: { ...known, owners: [owner], changing: 1 } })
      expectObservable(ownerRecords('job', 2)).toBe('(r|)', { r: known })
      expectObservable(ownerRecords('new', 0)).toBe('(r|)', { r: { ...known, nameKnown: false } })
      steps(helpers, '-nop', {
        n: () => sink.recordOwner(undefined),
        o: () => recovery.join('sink', 'job', 1).recordOwner({ producerId: '8', epoch: 5 }),
        p: () => sink.recordOwner({ producerId: '7', epoch: 3 }),
      })
      flush()
      expect(asked).toEqual([
        ['sinks', 'job undefined'],
        ['sinks', 'job undefined', 'job 5'],
        ['sinks', 'job 3', 'job 5'],
      ])
    })
  })
})
