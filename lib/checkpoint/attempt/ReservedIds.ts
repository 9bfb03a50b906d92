import { map, type Observable, ReplaySubject } from 'rxjs'
import { coroutine, result } from '../../scheduling/coroutine.js'
import type { AttemptLedger, IdBlock } from '../store/AttemptLedger.js'

/**
 * The ids that an attempt may use, for its checkpoints and for what its sinks name after them: no other attempt ever has them. They
 * are reserved in the store, a block at a time and ahead of need.
 */
export class ReservedIds {
  private blocks: readonly IdBlock[] = []
  private reserving: Observable<void> | undefined

  /** @param ledger undefined: a store that reserves nothing; ids count up from the restored checkpoint then */
  constructor(private readonly ledger: AttemptLedger | undefined) {}

  /** The next one above `after`; undefined when it is not reserved yet. */
  above(after: number): number | undefined {
    if (this.ledger === undefined) return after + 1
    const block = this.blocks.find(({ last }) => last > after)
    return block && Math.max(block.first, after + 1)
  }

  /** Emits when so many ids above `after` are reserved. One call of the store at a time, whoever asks. */
  ensure(after: number, count: number): Observable<void> {
    return coroutine(() => this.reserveUntil(after, count))
  }

  /** The next one above `after`, reserved first if need be. */
  next(after: number): Observable<number> {
    return this.ensure(after, 1).pipe(map(() => this.above(after) ?? after + 1))
  }

  private *reserveUntil(after: number, count: number) {
    while (this.ledger !== undefined && this.countAbove(after) < count) yield* result(this.reserve(this.ledger))
  }

  /**
   * Forgets the blocks that nobody needs, and returns them: none of their ids is given out any more. The newest stays, since the store
   * finds the next one by it.
   */
  dropNeedless(isNeeded: (block: IdBlock) => boolean): readonly IdBlock[] {
    const needless = this.blocks.slice(0, -1).filter((block) => !isNeeded(block))
    if (needless.length > 0) this.blocks = this.blocks.filter((block) => !needless.includes(block))
    return needless
  }

  private countAbove(after: number): number {
    return this.blocks.reduce((count, { first, last }) => count + Math.max(0, last - Math.max(first - 1, after)), 0)
  }

  /** Acts at once, also when whoever asked no longer waits. */
  private reserve(ledger: AttemptLedger): Observable<void> {
    if (this.reserving !== undefined) return this.reserving
    const done = new ReplaySubject<void>(1)
    this.reserving = done
    ledger.reserve().subscribe({
      next: (block) => {
        this.blocks = [...this.blocks, block]
      },
      error: (error: unknown) => {
        this.reserving = undefined
        done.error(error)
      },
      complete: () => {
        this.reserving = undefined
        done.next()
        done.complete()
      },
    })
    return done
  }
}
