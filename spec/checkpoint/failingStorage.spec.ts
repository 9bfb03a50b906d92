import { describe, expect, it } from '@jest/globals'
import { concatMap, defer, firstValueFrom, type Observable, retry, tap, throwError, timer } from 'rxjs'
import type { CheckpointStorage } from '../../lib/checkpoint/store/CheckpointStorage.js'
import { checkpointStoreOn } from '../../lib/checkpoint/store/checkpointStoreOn.js'
import { memoryStorage } from '../../lib/checkpoint/store/memoryStorage.js'
import { Job } from './support/job.js'

type Failure = 'without effect' | 'with effect'

/** A storage of which one call fails: the `nth` from when it is armed. */
class FailingStorage {
  /** calls since it was armed */
  calls = -Infinity
  readonly storage: CheckpointStorage

  constructor(
    private readonly nth: number,
    private readonly failure: Failure,
    inner = memoryStorage(),
  ) {
    this.storage = {
      list: (prefix) => this.call(() => inner.list(prefix)),
      read: (key) => this.call(() => inner.read(key)),
      create: (key, text) => this.call(() => inner.create(key, text)),
      write: (key, text) => this.call(() => inner.write(key, text)),
      delete: (key) => this.call(() => inner.delete(key)),
    }
  }

  private call<A>(act: () => Observable<A>): Observable<A> {
    return defer(() => {
      if (this.calls++ !== this.nth) return act()
      const failed$ = throwError(() => new Error('The disk has hiccups'))
      return this.failure === 'without effect' ? failed$ : act().pipe(concatMap(() => failed$))
    })
  }
}

/** More calls than an attempt needs to begin. */
const CALLS = 60

describe.each<Failure>(['without effect', 'with effect'])('a storage of which one call fails, %s', (failure) => {
  const retried = (job: Job, failing: FailingStorage, armAt: number) => {
    const fatal: unknown[] = []
    let armed = false
    job.run(
      job.pipeline({ count: 60 }).pipe(
        tap(() => {
          if (armed || job.scheduler.now() < armAt) return
          armed = true
          failing.calls = 0
          throw new Error('the pipeline fails once')
        }),
        retry({
          delay: (error: Error & { retriable?: boolean }) => {
            if (error.retriable !== false) return timer(50, job.scheduler)
            fatal.push(error)
            return throwError(() => error)
          },
        }),
      ),
    )
    job.until(1_500)
    return fatal
  }

  it('should not end a job that retries, whichever call it is', () => {
    const numbers = Array.from({ length: 60 }, (_, n) => n)
    let failed = 0
    for (let nth = 0; nth < CALLS; nth++) {
      const failing = new FailingStorage(nth, failure)
      const job = new Job({ store: checkpointStoreOn(failing.storage) })
      expect({ nth, fatal: retried(job, failing, 250) }).toEqual({ nth, fatal: [] })
      expect({ nth, committed: job.book.committed }).toEqual({ nth, committed: numbers })
      if (failing.calls > nth) failed++
    }
    expect(failed).toBe(CALLS)
  })

  it('should not end a job that has just been started, whichever call it is', () => {
    const numbers = Array.from({ length: 60 }, (_, n) => n)
    for (let nth = 0; nth < CALLS; nth++) {
      const failing = new FailingStorage(nth, failure)
      failing.calls = 0
      const job = new Job({ store: checkpointStoreOn(failing.storage) })
      expect({ nth, fatal: retried(job, failing, Infinity) }).toEqual({ nth, fatal: [] })
      expect({ nth, committed: job.book.committed }).toEqual({ nth, committed: numbers })
    }
  })
})

describe('a storage that creates keys, and neither writes nor deletes them', () => {
  it('should not fill with the claims of a job that retries', () => {
    const inner = memoryStorage()
    let broken = true
    const failed$ = throwError(() => new Error('The disk is full'))
    const storage: CheckpointStorage = {
      ...inner,
      write: (key, text) => defer(() => (broken ? failed$ : inner.write(key, text))),
      delete: (key) => defer(() => (broken ? failed$ : inner.delete(key))),
    }
    const job = new Job({ store: checkpointStoreOn(storage) })
    let keys: readonly string[] = []
    job.run(job.pipeline({ count: 20 }).pipe(retry({ delay: () => timer(50, job.scheduler) })))
    job.at(10_000, () => {
      inner.list('').subscribe((listed) => (keys = listed))
      broken = false
    })
    job.until(12_000)
    expect(keys.length).toBeLessThan(30)
    expect(job.book.committed).toEqual(Array.from({ length: 20 }, (_, n) => n))
  })
})

describe('a storage that reserves no ids for a while', () => {
  it('should hold checkpoints up, be asked again each second, be warned of each time, and be made up for', () => {
    const inner = memoryStorage()
    const fails = (now: number): boolean => (now > 1_000 && now < 4_000) || (now > 6_000 && now < 6_400)
    const failures: number[] = []
    const create = (key: string, text: string): Observable<boolean> => {
      const { scheduler } = job
      if (!key.startsWith('ids/')) return inner.create(key, text)
      return timer(50, scheduler).pipe(
        concatMap(() => {
          if (!fails(scheduler.now())) return inner.create(key, text)
          failures.push(scheduler.now())
          return throwError(() => new Error('Too many requests'))
        }),
      )
    }
    const job = new Job({ tolerableFailures: 9, store: checkpointStoreOn({ ...inner, create }) })
    job.run(job.pipeline())
    // Whoever asks in the meantime changes nothing of that.
    for (let ms = 1_600; ms < 4_500; ms += 10) job.at(ms, () => job.coordinator.trigger())

    const barriers = job.until(6_500).timesOf(/^barrier/)
    const block = (from: number) => Array.from({ length: 16 }, (_, n) => from + 100 * n)
    expect(barriers).toEqual([...block(50), ...block(4_800), 6_450])
    // Two of each time are ahead of need, with the last two ids that there are.
    expect(failures).toEqual([1_500, 1_600, 1_650, 2_700, 3_750, 6_250, 6_350])
    expect(job.warnings).toEqual(Array.from({ length: 3 }, () => 'The checkpoint store failed: Too many requests'))
  })
})

describe('a storage that fails for long', () => {
  it('should be given one block of ids, however often it is asked for', async () => {
    const inner = memoryStorage()
    let fails = false
    const list: CheckpointStorage['list'] = (prefix) =>
      fails && prefix === 'attempt-' ? throwError(() => new Error('The disk has hiccups')) : inner.list(prefix)
    const attempt = await firstValueFrom(checkpointStoreOn({ ...inner, list }).begin())
    const blocks = () => firstValueFrom(inner.list('ids/'))
    const before = (await blocks()).length

    fails = true
    for (let tries = 0; tries < 10; tries++)
      await expect(firstValueFrom(attempt.ledger!.reserve())).rejects.toThrow('hiccups')
    expect(await blocks()).toHaveLength(before + 1)

    fails = false
    const first = await firstValueFrom(attempt.ledger!.reserve())
    expect(await blocks()).toHaveLength(before + 1)
    expect((await firstValueFrom(attempt.ledger!.reserve())).first).toBe(first.last + 1)
  })
})
