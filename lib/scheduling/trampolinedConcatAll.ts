import { Observable, type OperatorFunction, Subscription } from 'rxjs'

/**
 * RxJS's `concatAll`, without its recursion: one inner Observable after another, in the order of their arrival.
 *
 * `concatAll` subscribes to the next inner Observable from within the completion of the one before. When many wait that complete
 * at once, the stack grows with their number until it overflows. Here a loop subscribes, so any number may wait.
 *
 * @example
 * ```ts
 * const writes = new Subject<Observable<void>>()
 * writes.pipe(trampolinedConcatAll()).subscribe()
 * ```
 */
export const trampolinedConcatAll =
  <T>(): OperatorFunction<Observable<T>, T> =>
  (sources$) =>
    new Observable((subscriber) => {
      let queue: Observable<T>[] = []
      let active = false
      let draining = false
      let completed = false
      let inner = new Subscription()

      const drain = (): void => {
        if (draining) return
        draining = true
        let taken = 0
        while (!active && taken < queue.length && !subscriber.closed) {
          const next = queue[taken++] as Observable<T>
          active = true
          inner = new Subscription()
          inner.add(
            next.subscribe({
              next: (value) => {
                subscriber.next(value)
              },
              error: (error: unknown) => {
                subscriber.error(error)
              },
              complete: () => {
                active = false
                drain()
              },
            }),
          )
          // What arrived meanwhile stands behind; the front is dropped now and then, not once per element.
          if (taken === queue.length || taken > 1024) {
            queue = queue.slice(taken)
            taken = 0
          }
        }
        if (taken > 0) queue = queue.slice(taken)
        draining = false
        if (completed && !active && queue.length === 0) subscriber.complete()
      }

      subscriber.add(() => {
        inner.unsubscribe()
        queue = []
      })
      subscriber.add(
        sources$.subscribe({
          next: (source$) => {
            queue.push(source$)
            drain()
          },
          error: (error: unknown) => {
            subscriber.error(error)
          },
          complete: () => {
            completed = true
            drain()
          },
        }),
      )
    })
