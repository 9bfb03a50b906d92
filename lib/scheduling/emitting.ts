import { Observable } from 'rxjs'
import { coroutine, type Step } from './coroutine.js'

/**
 * A {@link coroutine} that emits on its way: `emit` sends a value, the end of the body completes.
 *
 * @example
 * ```ts
 * const events$ = emitting<string>(function* (emit) {
 *   emit('asking')
 *   emit(`there are ${(yield* result(storage.list(''))).length} keys`)
 * })
 * ```
 */
export const emitting = <T>(body: (emit: (value: T) => void) => Generator<Step, void, unknown>): Observable<T> =>
  new Observable((subscriber) =>
    coroutine(() =>
      body((value) => {
        subscriber.next(value)
      }),
    ).subscribe({
      error: (error: unknown) => {
        subscriber.error(error)
      },
      complete: () => {
        subscriber.complete()
      },
    }),
  )
