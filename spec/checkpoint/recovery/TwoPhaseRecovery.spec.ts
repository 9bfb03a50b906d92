import { describe, expect, it } from '@jest/globals'
import { defer, EMPTY, type Observable, of } from 'rxjs'
import { ReservedIds } from '../../../lib/checkpoint/attempt/ReservedIds.js'
import type {
  AttemptLedger,
  EarlierCheckpoint,
  FormerHolder,
  SinkRecord,
} from '../../../lib/checkpoint/store/AttemptLedger.js'
import type { StoredCheckpoint } from '../../../lib/checkpoint/store/CheckpointStore.js'
import { TwoPhaseRecovery } from '../../../lib/checkpoint/recovery/TwoPhaseRecovery.js'
import type {
  Inheritance,
  RestoredTransaction,
  TransactionStanding,
  TwoPhaseSink,
} from '../../../lib/stream/TwoPhaseCommit.js'

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
  let changes = 0
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
    changed: () => changes++,
  })
  return { recovery, asked, written, changes: () => changes }
}

const transaction = (
  id: string,
  standing: TransactionStanding,
  checkpointId = 3,
  subtaskIndex = 0,
): RestoredTransaction => ({
  ...{ uid: 'sink', id, standing, checkpointId, subtaskIndex },
})

/** What comes of an Observable: values, an error's tag, or that nothing has come yet. */
const outcome = (source: Observable<unknown>): unknown[] => {
  const seen: unknown[] = []
  source.subscribe({
    next: (value) => seen.push(value),
    error: (error: { _tag?: string }) => seen.push(`error ${error._tag}`),
  })
  return seen
}

describe('TwoPhaseRecovery', () => {
  describe('who takes part', () => {
    it('should be known when all have joined that the checkpoint and former attempts know of', () => {
      const prepared = { sink: [{ id: 't', checkpointId: 5, subtaskIndex: 1 }] }
      const { recovery } = recoveryOf({ restored: checkpoint(prepared) })
      const seen = outcome(recovery.join('sink', 'job', 0).inheritance$)
      recovery.begin([holder({ sinks: [record('late', 0, 'late')], subtasks: [0] })])
      expect(seen).toEqual([])
      recovery.join('sink', 'job', 1)
      expect(seen).toEqual([])
      recovery.join('late', 'late', 0)
      expect(seen).toHaveLength(1)
    })

    it('should not be known before the attempt has taken over, nor without any sink', () => {
      const { recovery } = recoveryOf()
      const seen = outcome(recovery.join('sink', 'job', 0).inheritance$)
      expect(seen).toEqual([])
      recovery.begin([])
      expect(seen).toHaveLength(1)

      const without = recoveryOf().recovery
      without.begin([])
      expect(without.settled).toBe(false)
      without.close()
      expect(without.settled).toBe(true)
    })

    it('should be known when no more will join', () => {
      const { recovery } = recoveryOf({
        restored: checkpoint({ gone: [{ id: 't', checkpointId: 5, subtaskIndex: 0 }] }),
      })
      const seen = outcome(recovery.join('sink', 'job', 0).inheritance$)
      recovery.begin([])
      expect(seen).toEqual([])
      recovery.close()
      expect(seen).toEqual([{ orphans: [{ uid: 'gone', states: ['gone 0'] }], former: [] }])
    })

    it('should not wait for what is committed, nor for subtasks of other processes', () => {
      const prepared = {
        sink: [{ id: 't', checkpointId: 5, subtaskIndex: 0 }],
        other: [{ id: 'u', checkpointId: 5, subtaskIndex: 1 }],
      }
      const { recovery } = recoveryOf({ restored: checkpoint(prepared, { sink: ['t'] }), subtasks: [0] })
      const seen = outcome(recovery.join('new', 'job', 0).inheritance$)
      recovery.begin([holder({ sinks: [record('there', 1)], subtasks: [1] })])
      expect(seen).toHaveLength(1)
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
    const formerOf = (sink: TwoPhaseSink) => {
      const [inheritance] = outcome(sink.inheritance$) as [{ former: { name: string; subtaskIndex: number }[] }]
      return inheritance.former.map(({ name, subtaskIndex }) => `${name} ${subtaskIndex}`)
    }

    it('should go to the sink of its name and subtask, and to the first one when its sink is gone', () => {
      const { recovery } = recoveryOf()
      const [a, b, other] = [recovery.join('a', 'a', 0), recovery.join('b', 'b', 0), recovery.join('a', 'a', 1)]
      recovery.begin([holder({ sinks: [record('a'), record('b', 1), record('gone')] })])
      recovery.close()
      expect([formerOf(a), formerOf(b), formerOf(other)]).toEqual([
        ['a 0', 'gone 0'],
        ['b 0'],
        ['a 1', 'b 1', 'gone 1'],
      ])
    })

    it('should go to the heir of a subtask that is no more', () => {
      const { recovery } = recoveryOf()
      const [zero, one] = [recovery.join('a', 'a', 0), recovery.join('a', 'a', 1)]
      recovery.begin([holder({ parallelism: 4, subtasks: [0, 1, 2, 3], sinks: [record('a', 0, 'a')] })])
      expect([formerOf(zero), formerOf(one)]).toEqual([
        ['a 0', 'a 2'],
        ['a 1', 'a 3'],
      ])
    })

    it('should be searched for by the names of today, where a release recorded none', () => {
      const { recovery } = recoveryOf()
      const sink = recovery.join('a', 'a', 0)
      recovery.begin([holder({ unrecorded: true })])
      recovery.close()
      expect(formerOf(sink)).toEqual(['a 0'])
      expect(recovery.abandons).toBe(true)
      recovery.join('a', 'a', 1)
      expect(recovery.abandons).toBe(false)
    })
  })

  describe('the decision', () => {
    it('should come when all have told how theirs stand, and be to commit what lives', () => {
      const { recovery, asked } = recoveryOf()
      const [a, b] = [recovery.join('a', 'a', 0), recovery.join('b', 'b', 0)]
      recovery.begin([])
      const ofA = outcome(a.decide([transaction('x', 'prepared'), transaction('y', 'committed', 4)]))
      expect(ofA).toEqual([])
      expect(outcome(b.decide([]))).toEqual([[]])
      expect([ofA, asked]).toEqual([[['commit', 'commit']], []])
    })

    it('should send all back when one is dead and nothing after it is visible', () => {
      const { recovery, asked } = recoveryOf({ earlier: { checkpointId: 2, committedAfter: false } })
      const [a, b] = [recovery.join('a', 'a', 0), recovery.join('b', 'b', 0)]
      recovery.begin([])
      const ofA = outcome(a.decide([transaction('x', 'dead')]))
      const ofB = outcome(b.decide([transaction('y', 'prepared')]))
      expect([ofA, ofB]).toEqual([[['abort']], [['abort']]])
      const ends = outcome(a.goBack())
      expect(ends).toEqual([])
      expect(outcome(b.goBack())).toEqual(['error WentBack'])
      expect([ends, asked]).toEqual([
        ['error WentBack'],
        [
          ['before', 0, 3],
          ['go back', [0, 3]],
        ],
      ])
    })

    it('should say so when the store no longer has the checkpoint', () => {
      const { recovery } = recoveryOf({ earlier: { checkpointId: 2, committedAfter: false }, goesBack: false })
      const sink = recovery.join('a', 'a', 0)
      recovery.begin([])
      outcome(sink.decide([transaction('x', 'dead')]))
      expect(outcome(sink.goBack())).toEqual(['error StoreFailed'])
    })

    it('should be a loss when there is nothing to go back to, or something after it is visible', () => {
      for (const earlier of [undefined, { checkpointId: 2, committedAfter: true }]) {
        const { recovery } = recoveryOf({ ...(earlier === undefined ? {} : { earlier }) })
        const sink = recovery.join('a', 'a', 0)
        recovery.begin([])
        expect(outcome(sink.decide([transaction('x', 'dead'), transaction('y', 'prepared', 4)]))).toEqual([
          ['lost', 'commit'],
        ])
      }
    })

    it('should not be changed by a sink that comes when it is made', () => {
      const { recovery } = recoveryOf({ earlier: { checkpointId: 2, committedAfter: false } })
      const sink = recovery.join('a', 'a', 0)
      recovery.begin([])
      outcome(sink.decide([transaction('x', 'prepared')]))
      expect(outcome(recovery.join('b', 'b', 0).decide([transaction('y', 'dead')]))).toEqual([['lost']])
    })
  })

  describe('a sink that leaves before it has ended its transactions', () => {
    const ofSink = { sink: [{ id: 'x', checkpointId: 3, subtaskIndex: 0 }] }

    it('should not hold the others up when there are none', () => {
      const { recovery } = recoveryOf({ restored: checkpoint(ofSink) })
      const [sink, other] = [recovery.join('sink', 'job', 0), recovery.join('other', 'other', 0)]
      recovery.begin([])
      const ofOne = outcome(sink.decide([transaction('x', 'prepared')]))
      expect(ofOne).toEqual([])
      other.leave()
      expect([ofOne, recovery.leftUnsettled]).toEqual([[['commit']], undefined])
      // What others had opened under its name may still be open.
      outcome(sink.settled())
      expect(recovery.settled).toBe(false)
    })

    it.each([
      ['its own', ofSink],
      ['those of a sink that is gone', { gone: [{ id: 'x', checkpointId: 3, subtaskIndex: 0 }] }],
    ])('should be named when there are %s: a decision without them may lose them', (_, prepared) => {
      const { recovery, asked, changes } = recoveryOf({ restored: checkpoint(prepared) })
      const [sink, other] = [recovery.join('sink', 'job', 0), recovery.join('other', 'other', 0)]
      recovery.begin([])
      recovery.close()
      expect(recovery.leftUnsettled).toBe(undefined)
      sink.leave()
      expect(changes()).toBe(1)
      expect(recovery.leftUnsettled).toMatchObject({ name: 'job', subtaskIndex: 0 })
      expect(outcome(other.decide([transaction('y', 'prepared')]))).toEqual([])
      expect(asked).toEqual([])
    })

    it('should not be named when its transactions are committed, or of another subtask', () => {
      const prepared = { sink: [...ofSink.sink, { id: 'y', checkpointId: 3, subtaskIndex: 1 }] }
      const { recovery } = recoveryOf({ restored: checkpoint(prepared, { sink: ['x'] }) })
      const [zero, one] = [recovery.join('sink', 'job', 0), recovery.join('sink', 'job', 1)]
      recovery.begin([])
      zero.leave()
      expect(recovery.leftUnsettled).toBe(undefined)
      expect(outcome(one.decide([]))).toEqual([[]])
    })

    it('should be as one that has not come when it is not known yet who takes part', () => {
      const { recovery } = recoveryOf({ restored: checkpoint(ofSink) })
      const [sink, other] = [recovery.join('sink', 'job', 0), recovery.join('other', 'other', 0)]
      const seen = outcome(other.inheritance$)
      sink.leave()
      recovery.begin([holder({ sinks: [record('job')], subtasks: [0] })])
      expect(seen).toEqual([])
      recovery.close()
      expect(seen).toMatchObject([{ orphans: [{ uid: 'sink', states: ['state 0'] }], former: [{ name: 'job' }] }])
      expect(outcome(other.decide([transaction('x', 'prepared')]))).toEqual([['commit']])
      outcome(other.settled())
      expect([recovery.settled, recovery.leftUnsettled]).toEqual([true, undefined])
    })

    it('should be named when the others wait for it to go back', () => {
      const earlier = { checkpointId: 2, committedAfter: false }
      const { recovery, asked } = recoveryOf({ restored: checkpoint(ofSink), earlier })
      const [sink, other] = [recovery.join('sink', 'job', 0), recovery.join('other', 'other', 0)]
      recovery.begin([])
      outcome(sink.decide([transaction('x', 'dead')]))
      outcome(other.decide([transaction('y', 'prepared')]))
      expect(outcome(other.goBack())).toEqual([])
      sink.leave()
      expect(recovery.leftUnsettled).toMatchObject({ name: 'job' })
      expect(asked).toEqual([['before', 0, 3]])
    })

    it('should not be named when it has ended them before, nor because it says twice that it leaves', () => {
      const { recovery, changes } = recoveryOf({ restored: checkpoint(ofSink) })
      const early = recovery.join('early', 'early', 0)
      const sink = recovery.join('sink', 'job', 0)
      early.leave()
      early.leave()
      recovery.begin([])
      expect(outcome(sink.decide([transaction('x', 'prepared')]))).toEqual([['commit']])
      outcome(sink.settled())
      sink.leave()
      expect([recovery.leftUnsettled, recovery.settled, changes()]).toEqual([undefined, true, 3])
    })
  })

  it('should be settled when every sink has ended what it was left, and say that it changed', () => {
    const { recovery, changes } = recoveryOf()
    const [a, b] = [recovery.join('a', 'a', 0), recovery.join('b', 'b', 0)]
    recovery.begin([])
    outcome(a.settled())
    expect([recovery.settled, changes()]).toEqual([false, 1])
    outcome(b.settled())
    expect([recovery.settled, changes()]).toEqual([true, 2])
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

  it('should know below which number nothing is used any more, by those that have not left', () => {
    const { recovery } = recoveryOf()
    expect(recovery.floor).toBe(Infinity)
    const [a, b] = [recovery.join('a', 'a', 0), recovery.join('b', 'b', 0)]
    a.release(20)
    expect(recovery.floor).toBe(0)
    b.release(18)
    expect(recovery.floor).toBe(18)
    b.leave()
    expect(recovery.floor).toBe(20)
  })

  it('should leave alone what former attempts have passed over, which others use, and note what this one does', () => {
    const blocks = [
      { first: 1, last: 16 },
      { first: 17, last: 32 },
      { first: 33, last: 48 },
    ]
    const { recovery, asked, written } = recoveryOf()
    const sinks = [recovery.join('sink', 'job', 0), recovery.join('other', 'other', 0)]
    recovery.begin([holder({ blocks, sinks: [{ ...record('job'), passedOver: 20 }, record('other')] })])
    recovery.close()
    const blocksOf = (sink: TwoPhaseSink) =>
      (outcome(sink.inheritance$) as [Inheritance])[0].former
        .filter(({ subtaskIndex }) => subtaskIndex === 0)
        .map((one) => one.blocks)
    expect(sinks.map(blocksOf)).toEqual([[[{ first: 21, last: 32 }, blocks[2]]], [blocks]])

    const owner = { producerId: '7', epoch: 2 }
    outcome(sinks[0]!.recordOwner(owner))
    outcome(sinks[0]!.passOver(64))
    outcome(sinks[0]!.recordOwner(undefined))
    expect(asked.length).toBe(3)
    expect(written.map(([sink]) => [sink?.owner, sink?.passedOver])).toEqual([
      [owner, undefined],
      [owner, 64],
      [undefined, 64],
    ])
  })

  it('should hand on what is recorded about owners, by name and subtask', () => {
    const owner = { producerId: '7', epoch: 2 }
    const others = [record('job', 1), { ...record('job'), owner }, record('other'), { ...record('job'), uid: 'former' }]
    const { recovery, asked } = recoveryOf({ others })
    const sink = recovery.join('sink', 'job', 0)
    expect(outcome(sink.ownerRecords())).toEqual([
      { firstAttempt: false, nameKnown: true, owners: [owner], changing: true },
    ])
    expect(outcome(recovery.join('sink', 'job', 2).ownerRecords())).toEqual([
      { firstAttempt: false, nameKnown: true, owners: [], changing: false },
    ])
    expect(outcome(recovery.join('sink', 'new', 0).ownerRecords())).toEqual([
      { firstAttempt: false, nameKnown: false, owners: [], changing: false },
    ])
    outcome(sink.recordOwner(undefined))
    outcome(recovery.join('sink', 'job', 1).recordOwner({ producerId: '8', epoch: 5 }))
    outcome(sink.recordOwner({ producerId: '7', epoch: 3 }))
    expect(asked).toEqual([
      ['sinks', 'job undefined'],
      ['sinks', 'job undefined', 'job 5'],
      ['sinks', 'job 3', 'job 5'],
    ])
  })
})
