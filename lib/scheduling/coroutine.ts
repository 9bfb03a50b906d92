import { Observable, Subscription } from 'rxjs'

/** What a coroutine waits for: it goes on with the last value of the Observable, or with its error. */
export type Step = Observable<unknown>

/**
 * Waits for an Observable inside of a {@link coroutine}: `const keys = yield* result(storage.list('attempt-'))`. Returns its last
 * value, `undefined` when it completes without one; throws its error.
 */
export function* result<T>(source$: Observable<T>): Generator<Step, T, unknown> {
  return (yield source$) as T
}

/**
 * A sequence of asynchronous calls, written as straight-line code, as one cold Observable of what the body returns. It is to
 * Observables what `async` functions are to Promises, with the time of the Observables: virtual in specs.
 *
 * Each subscription runs the body anew. Unsubscribing stops it where it waits, and runs its `finally` blocks as far as they do
 * not wait. Calls that answer at once do not recurse, however many there are.
 *
 * @example
 * ```ts
 * const newest$ = coroutine(function* () {
 *   const keys = yield* result(storage.list('attempt-000001/'))
 *   const [newest] = keys.filter((key) => key.endsWith('.json')).sort().reverse()
 *   return newest === undefined ? undefined : yield* result(storage.read(newest))
 * })
 * ```
 */
export const coroutine = <T>(body: () => Generator<Step, T, unknown>): Observable<T> =>
  new Observable((subscriber) => {
    const work = body()
    let waiting = new Subscription()
    let running = false
    /** the body itself is at work, not what it waits for */
    let inBody = false
    /** What the body goes on with; undefined while it waits. */
    let resume: (() => IteratorResult<Step, T>) | undefined = () => work.next()

    const isOver = (): boolean => subscriber.closed

    const run = (): void => {
      if (running) return
      running = true
      while (resume !== undefined && !isOver()) {
        const next: () => IteratorResult<Step, T> = resume
        resume = undefined
        try {
          inBody = true
          const step = next()
          inBody = false
          if (step.done === true) {
            subscriber.next(step.value)
            subscriber.complete()
          } else if (isOver()) work.return(undefined as T)
          else wait(step.value)
        } catch (error) {
          inBody = false
          subscriber.error(error)
        }
      }
      running = false
    }

    const wait = (step: Step): void => {
      let last: unknown
      waiting = new Subscription()
      waiting.add(
        step.subscribe({
          next: (value) => {
            last = value
          },
          error: (error: unknown) => {
            resume = () => work.throw(error)
            run()
          },
          complete: () => {
            resume = () => work.next(last)
            run()
          },
        }),
      )
    }

    subscriber.add(() => {
      waiting.unsubscribe()
      // From within itself the body cannot be ended: it is, where it waits next.
      if (!inBody) work.return(undefined as T)
    })
    run()
  })
