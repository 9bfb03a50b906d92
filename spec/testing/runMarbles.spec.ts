import { describe, expect, it } from '@jest/globals'
import { concatMap, EMPTY, ignoreElements, interval, map, mergeMap, NEVER, of, tap, throwError, timer } from 'rxjs'
import { combineWatermarks } from '../../lib/eventtime/combineWatermarks.js'
import { WatermarkStrategy } from '../../lib/eventtime/WatermarkStrategy.js'
import { record, watermark } from '../../lib/testing/marbleElements.js'
import { runMarbles } from '../../lib/testing/runMarbles.js'
import { bounded, copyJob, endless } from './support/copyJob.js'

const topics = { in: 1, out: 1 }

describe('runMarbles', () => {
  it('should have a letter for every element, and a table for those that have none', () => {
    runMarbles(({ coldElements, hotElements, expectElements }) => {
      expectElements(coldElements('RabE5IA-BMF|')).toBe('RabE5IA-BMF|')
      expectElements(coldElements('aD')).toBe('aD')
      expectElements(hotElements('-a-(bS)-#')).toBe('-a-(bS)-#')
      expectElements(coldElements('a7', { a: record({ origin: 'AMS' }, 100) })).toBe('xy', {
        x: record({ origin: 'AMS' }, 100),
        y: watermark(7),
      })
    })
  })

  it('should try operators on elements, and note what these were asked for', () => {
    runMarbles(({ coldElements, hotElements, expectElements, expectSubscriptions, upstream }) => {
      const one = hotElements(' -a-3--BE--|')
      const two = coldElements('--b-2-B-c-|')
      const splits = [one, two].map((elements, n) => ({ id: `flights-${n}`, elements }))
      expectElements(of(...splits).pipe(combineWatermarks())).toBe('-ab-2-BEc-|')
      expectSubscriptions(one.subscriptions).toBe('^---------!')
      timer(100).subscribe(() => expect(upstream.calls).toEqual(['ack B1', 'ack B1', 'ack end']))
    })
  })

  it('should give each letter of an input an element of its own: a batch end is acknowledged once', () => {
    runMarbles(({ coldElements, expectElements, upstream }) => {
      expectElements(coldElements('aEbEB-B')).toBe('aEbEB-B')
      timer(100).subscribe(() => expect(upstream.calls).toEqual(['ack end', 'ack end', 'ack B1', 'ack B2']))
    })
  })

  it('should show restored ones and batch ends only to pictures that have them', () => {
    runMarbles(({ coldElements, expectElements }) => {
      expectElements(coldElements('RaE1')).toBe('-a-1')
      expectElements(coldElements('RaE1')).toBe('Ra-1')
      expectElements(coldElements('RaE1')).toBe('-aE1')
    })
  })

  it('should show records and watermarks of a source on a Kafka that is written to', () => {
    runMarbles({ topics: { in: 2 } }, ({ produce, options, expectElements }) => {
      produce('in', 'a 649ms b', {
        a: { value: 'AMS', timestamp: 100 },
        b: { value: 'LIS', timestamp: 300, partition: 1 },
      })
      const watermarks = WatermarkStrategy.forMonotonousTimestamps<string>().withIdleness(200)
      expectElements(endless.elements({ ...options, watermarks }), '^ 700ms !').toBe('a 599ms w 49ms b', {
        a: record('AMS', 100),
        b: record('LIS', 300),
        w: watermark(99),
      })
    })
  })

  it('should play to the end of a job that has one', () => {
    runMarbles({ topics }, ({ kafka, options, coordinator, expectElements }) => {
      kafka.produce('in', [{ value: 'a', timestamp: 1 }])
      expectElements(bounded.elements({ ...options, checkpoints: coordinator() })).toBe('(aMF|)')
    })
  })

  it('should show commits and transactions', () => {
    runMarbles({ topics, until: 250 }, ({ produce, options, coordinator, run, expectCommits, expectTransactions }) => {
      produce('in', '10ms a 50ms b 99ms c')
      run(copyJob(endless, coordinator({ interval: 100 }), options))
      expectCommits('out').toBe('100ms x 99ms c', { x: ['a', 'b'] })
      expectTransactions('copy-').toBe('15ms i 84ms j 65ms k 33ms l', {
        i: 'open copy-0-1',
        j: 'committed copy-0-1',
        k: 'open copy-0-2',
        l: 'committed copy-0-2',
      })
    })
  })

  it('should show what is committed to a topic that is not there at first, or never', () => {
    runMarbles({ topics: { in: 1 }, until: 250 }, ({ produce, options, coordinator, run, expectCommits }) => {
      produce('in', '10ms a')
      run(copyJob(endless, coordinator({ interval: 100 }), options))
      expectCommits('out').toBe('100ms a')
      expectCommits('never').toBe('-')
    })
  })

  it('should run with virtual time where no scheduler is given', () => {
    runMarbles({ until: 150_000 }, ({ expectObservable }) => {
      expectObservable(interval(60_000).pipe(map(String))).toBe('60s 0 59999ms 1')
    })
  })

  it('should end a job that has no end, and what still runs', () => {
    let last = 0
    let torn = 0
    runMarbles({ until: 1_000 }, ({ run, scheduler }) => {
      run(interval(10).pipe(tap({ next: () => (last = scheduler.now()), unsubscribe: () => torn++ })))
    })
    expect({ last, torn }).toEqual({ last: 1_000, torn: 1 })
  })

  it('should fail with the error of a pipeline', () => {
    expect(() =>
      runMarbles(({ run }) => run(timer(5).pipe(concatMap(() => throwError(() => new Error('torn')))))),
    ).toThrow('torn')
  })

  it('should fail when an expectation is given no picture', () => {
    expect(() => runMarbles(({ expectElements }) => void expectElements(EMPTY))).toThrow(
      'expectElements was given no picture: call toBe(marbles).',
    )
  })

  it('should say which letters there are when it does not know one', () => {
    expect(() => runMarbles(({ coldElements }) => void coldElements('a-X'))).toThrow(
      /The picture has "X", which stands for nothing: give it an element in the table\./,
    )
  })

  describe('crashAndRestore', () => {
    it('should kill a process and go on from its checkpoint', () => {
      runMarbles({ topics, until: 400 }, ({ produce, options, coordinator, run, crashAndRestore, ...expected }) => {
        produce('in', 'a 100ms b 48ms c 149ms d')
        run(crashAndRestore(() => copyJob(endless, coordinator({ interval: 100 }), options), '160ms x'))
        // b and c are written before the crash and not committed: aborted, read and written again.
        expected.expectCommits('out').toBe('100ms a 159ms x 99ms d', { x: ['b', 'c'] })
        expected.expectTransactions().toBe('-----i 94ms j-----k 53ms l----m 94ms n 44ms o 54ms p', {
          i: 'open copy-0-1',
          j: 'committed copy-0-1',
          k: 'open copy-0-2',
          l: 'aborted copy-0-2',
          m: 'open copy-0-17',
          n: 'committed copy-0-17',
          o: 'open copy-0-18',
          p: 'committed copy-0-18',
        })
      })
    })

    it('should let nothing of a dead process through, its teardown neither', () => {
      runMarbles({ topics, until: 400 }, ({ kafka, options, run, crashAndRestore }) => {
        const calls: string[] = []
        kafka.calls$.subscribe(({ api, moment }) => calls.push(`${moment} ${api}`))
        const connecting$ = kafka.connect({} as never)
        run(
          crashAndRestore(() => NEVER.pipe(tap({ unsubscribe: () => connecting$.subscribe() })), '10ms x').pipe(
            mergeMap(() => options.connect({} as never)),
            ignoreElements(),
          ),
        )
        timer(300).subscribe(() => expect(calls).toEqual([]))
      })
    })
  })
})
