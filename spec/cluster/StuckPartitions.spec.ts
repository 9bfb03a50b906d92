import { describe, it } from '@jest/globals'
import { Subject, take, tap, timer } from 'rxjs'
import { StuckPartitions } from '../../lib/cluster/StuckPartitions.js'
import { type MarbleHelpers, runMarbles } from '../../lib/testing/runMarbles.js'

type Acts = Readonly<Record<string, () => void>>

interface Scene extends MarbleHelpers {
  readonly partitions: StuckPartitions
  /** the lines, as they are said */
  readonly said$: Subject<string>
  /** Does at each letter what the table has for it. */
  readonly acting: (marbles: string, acts: Acts) => void
  /** Does it so many times, as far apart; the first time now. */
  readonly trying: (everyMs: number, times: number, act: () => void) => void
}

const picture = (what: 'read' | 'written', draw: (scene: Scene) => void): void =>
  runMarbles({ until: 70_000 }, (helpers) => {
    const { cold, run, scheduler } = helpers
    const said$ = new Subject<string>()
    const partitions = new StuckPartitions(what, { warn: (line) => said$.next(line) }, () => scheduler.now())
    const acting: Scene['acting'] = (marbles, acts) => void run(cold(marbles).pipe(tap((letter) => acts[letter]!())))
    const trying: Scene['trying'] = (everyMs, times, act) => void run(timer(0, everyMs).pipe(take(times), tap(act)))
    draw({ ...helpers, partitions, said$, acting, trying })
  })

const hundred = Array.from({ length: 100 }, (_, n) => `t-${n}`)
const broker = 'broker 1 (b:9092)'

describe('StuckPartitions', () => {
  it('should say one line for all of a broker, again with growing pauses, and one when it is over', () => {
    picture('read', ({ partitions, said$, acting, trying, expectObservable }) => {
      const why = 'the broker answered KAFKA_STORAGE_ERROR (56)'
      const tryAll = (): void => hundred.forEach((partition) => partitions.add(partition, broker, why))
      const stuckFor = (seconds: number): string =>
        `100 partitions (t-0, t-1, t-2 and 97 more) cannot be read from broker 1 (b:9092) for ${seconds} s, and are tried again: ${why}`

      trying(500, 121, tryAll)
      acting('                 60500ms                                 r', {
        r: () => hundred.forEach((partition) => partitions.remove(partition)),
      })
      expectObservable(said$).toBe('5s a 4999ms b 9999ms c 19999ms d 20499ms e', {
        a: stuckFor(5),
        b: stuckFor(10),
        c: stuckFor(20),
        d: stuckFor(40),
        e: 'Partitions of broker 1 (b:9092) can be read again, after 61 s.',
      })
    })
  })

  it('should say nothing of a leader that moves', () => {
    picture('read', ({ partitions, said$, acting, trying, expectObservable }) => {
      trying(100, 45, () => partitions.add('t-0', broker, 'NOT_LEADER_OR_FOLLOWER'))
      acting('                     4500ms r', { r: () => partitions.remove('t-0') })
      expectObservable(said$).toBe('        ')
    })
  })

  it('should tell those without a leader by themselves, and one alone by its name', () => {
    picture('written', ({ partitions, said$, acting, expectObservable }) => {
      acting('                     a 4999ms (ar)', {
        a: () => partitions.add('t-7', undefined, 'it has no leader'),
        r: () => partitions.remove('t-7'),
      })
      expectObservable(said$).toBe('5s       (sr)', {
        s: 'Partition t-7 cannot be written for 5 s, and is tried again: it has no leader',
        r: 'Partitions that had no leader can be written again, after 5 s.',
      })
    })
  })

  it('should not call it over when a partition is stuck at another broker', () => {
    picture('read', ({ partitions, said$, acting, expectObservable }) => {
      acting('                     a 4999ms (ab)', {
        a: () => partitions.add('t-0', broker, 'x'),
        b: () => partitions.add('t-0', 'broker 2 (c:9092)', 'y'),
      })
      expectObservable(said$).toBe('5s       s', {
        s: 'Partition t-0 cannot be read from broker 1 (b:9092) for 5 s, and is tried again: x',
      })
    })
  })

  it('should not speak of what is not wanted any more', () => {
    picture('read', ({ partitions, said$, acting, expectObservable }) => {
      acting('                     (01f) 4995ms 1', {
        0: () => partitions.add('t-0', broker, 'x'),
        1: () => partitions.add('t-1', broker, 'x'),
        f: () => partitions.forget('t-0'),
      })
      expectObservable(said$).toBe('5s           s', {
        s: 'Partition t-1 cannot be read from broker 1 (b:9092) for 5 s, and is tried again: x',
      })
    })
  })
})
