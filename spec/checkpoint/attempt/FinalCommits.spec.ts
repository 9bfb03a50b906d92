import { describe, expect, it } from '@jest/globals'
import { FinalCommits } from '../../../lib/checkpoint/attempt/FinalCommits.js'

type Ids = Readonly<Record<string, readonly string[]>>

/** What a last checkpoint has prepared, and what of it is committed already. */
const commitsOf = (prepared: Ids | undefined, committed: Ids = {}) =>
  new FinalCommits({
    committed,
    prepared:
      prepared &&
      Object.fromEntries(
        Object.entries(prepared).map(([uid, ids]) => [
          uid,
          ids.map((id) => ({ id, checkpointId: 1, subtaskIndex: 0 })),
        ]),
      ),
  })

describe('FinalCommits', () => {
  it.each<[string, FinalCommits, boolean]>([
    ['there are no sinks with transactions', commitsOf(undefined), true],
    ['no sink has prepared one', commitsOf({ a: [] }), true],
    ['one is not committed', commitsOf({ a: ['t1', 't2'] }, { a: ['t1'] }), false],
    ['all are committed', commitsOf({ a: ['t1', 't2'] }, { a: ['t1', 't2'] }), true],
    ['one of that name of another sink is', commitsOf({ a: ['t1'] }, { b: ['t1'] }), false],
  ])('should tell whether a job is done when %s', (_, commits, done) => {
    expect(commits.done).toBe(done)
  })

  it('should wait for the marks of all sinks, and tell whose are missing', () => {
    const commits = commitsOf({ a: ['t1', 't2'], 'a"b': ['t3'] })
    const missing = () => ['a', 'a"b', 'a"'].filter((uid) => commits.includes(uid))
    const seen = [missing()]
    for (const [uid, id] of [
      ['a', 't3'],
      ['a', 't1'],
      ['a', 't2'],
    ] as const) {
      commits.marked(uid, [id])
      seen.push(missing())
    }
    expect(seen).toEqual([['a', 'a"b'], ['a', 'a"b'], ['a', 'a"b'], ['a"b']])
    expect(commits.done).toBe(false)
    commits.marked('a"b', ['t3'])
    expect(commits.done).toBe(true)
  })
})
