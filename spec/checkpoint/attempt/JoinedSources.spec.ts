import { describe, expect, it } from '@jest/globals'
import { Subject, tap } from 'rxjs'
import { JoinedSource } from '../../../lib/checkpoint/attempt/JoinedSource.js'
import { JoinedSources } from '../../../lib/checkpoint/attempt/JoinedSources.js'
import { runMarbles } from '../../../lib/testing/runMarbles.js'

const source = (uid: string, subtaskIndex = 0, parallelism = 1) => ({
  ...{ uid, subtaskIndex, parallelism },
  wake: () => undefined,
})

const join = (sources: JoinedSources, uid: string, subtaskIndex = 0, parallelism = 1): JoinedSource => {
  const joined = new JoinedSource(source(uid, subtaskIndex, parallelism))
  sources.add(joined)
  return joined
}

describe('JoinedSources', () => {
  it('should be ready when every source of every subtask is', () => {
    const sources = new JoinedSources()
    expect([sources.empty, sources.ready]).toEqual([true, false])
    expect([sources.waiting, sources.finished]).toEqual([[], []])
    const a = join(sources, 'a', 0, 2)
    const b = join(sources, 'b', 0, 2)
    a.ready = true
    expect(sources.ready).toBe(false)
    sources.begin({ parallelism: 2, subtasks: [0, 1] }, [])
    b.ready = true
    // Subtask 1 was there before, and may come back.
    expect(sources.ready).toBe(false)
    join(sources, 'a', 1, 2).ready = true
    expect([sources.empty, sources.ready]).toEqual([false, true])
  })

  it('should not wait for a subtask that has finished', () => {
    const sources = new JoinedSources()
    join(sources, 'a', 0, 2).ready = true
    expect(sources.begin({ parallelism: 2, subtasks: [0, 1] }, [1, 3])).toEqual({ parallelism: 2, subtasks: [0, 1] })
    expect([sources.ready, sources.finished]).toEqual([true, [1]])
  })

  it('should forget the subtasks of another parallelism', () => {
    const sources = new JoinedSources()
    join(sources, 'a', 1, 3)
    expect(sources.begin({ parallelism: 2, subtasks: [0] }, [0])).toEqual({ parallelism: 3, subtasks: [1] })
    expect(sources.finished).toEqual([])
  })

  it('should have its subtasks in the order of their numbers', () => {
    const sources = new JoinedSources()
    for (const subtask of [10, 2]) join(sources, 'a', subtask, 12)
    expect(sources.begin({ parallelism: 12, subtasks: [11, 0] }, []).subtasks).toEqual([0, 2, 10, 11])
  })

  it('should refuse one that is there, and what is of no subtask of the attempt', () => {
    const sources = new JoinedSources()
    join(sources, 'a', 0, 2)
    expect(sources.refuse(source('a', 0, 2))?.message).toContain('"a"')
    expect(sources.refuse(source('b', 5, 7))).toBeUndefined()
    sources.begin(undefined, [])
    expect(sources.refuse(source('b', 0, 2))).toBeUndefined()
    for (const late of [source('b', 1, 2), source('b', 0, 3)])
      expect(sources.refuse(late)).toMatchObject({ _tag: 'Config', message: expect.stringContaining('came when') })
  })

  it('should tell subtasks that have finished from those of which a source left before its end', () => {
    const sources = new JoinedSources()
    const [a, b] = [join(sources, 'a', 0, 2), join(sources, 'a', 1, 2)]
    a.ended = true
    expect(sources.members).toEqual([b])
    expect([sources.remove(a), sources.remove(b), sources.remove(b)]).toEqual([true, true, false])
    expect(sources.finished).toEqual([0])

    // It comes again, and leaves in the middle.
    const again = join(sources, 'a', 0, 2)
    expect(sources.finished).toEqual([])
    sources.remove(again)
    expect(sources.finished).toEqual([])
  })

  it('should say once who waits in the pipelines behind them', () => {
    const sources = new JoinedSources()
    const waiting = () => ['mapAsync waits']
    sources.add(new JoinedSource({ ...source('a'), waiting }))
    sources.add(new JoinedSource({ ...source('b'), waiting }))
    join(sources, 'c')
    expect(sources.waiting).toEqual(['mapAsync waits'])
  })
})

describe('JoinedSource', () => {
  it('should be woken by each request', () => {
    runMarbles(({ cold, run, expectObservable, flush }) => {
      const woken$ = new Subject<string>()
      const joined = new JoinedSource({ ...source('a'), wake: () => woken$.next('w') })
      const { started, ready, askedAt, finishing, ended } = joined
      expect([started, ready, askedAt, finishing, ended]).toEqual([false, false, undefined, false, false])
      run(
        cold('8ms 1 9ms 2').pipe(tap((id) => joined.ask({ checkpointId: Number(id), end: undefined }, 7 + Number(id)))),
      )
      expectObservable(woken$).toBe('8ms w 9ms w')
      flush()
      expect(joined.askedAt).toBe(8)
    })
  })

  it('should ask no more for a checkpoint that is withdrawn, and for the others as before', () => {
    const asked = new JoinedSource(source('a'))
    const ids = () => asked.requests.map(({ checkpointId }) => checkpointId)
    for (const checkpointId of [1, 2, 3]) asked.ask({ checkpointId, end: undefined }, 0)
    for (const checkpointId of [2, 2, 4]) asked.withdraw(checkpointId)
    expect(ids()).toEqual([1, 3])
    asked.withdraw(1)
    expect(ids()).toEqual([3])
  })

  it('should tell its failure to those who ask later, too', () => {
    runMarbles(({ cold, run, expectObservable }) => {
      const joined = new JoinedSource(source('a'))
      const gone = new Error('it is gone')
      run(cold('10ms f').pipe(tap(() => joined.fail(gone))))
      expectObservable(joined.failed$, '^       ').toBe('10ms (g|)', { g: gone })
      expectObservable(joined.failed$, '20ms   ^').toBe('20ms (g|)', { g: gone })
    })
  })
})
