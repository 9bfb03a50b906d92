import { Observable, type OperatorFunction, Subscription } from 'rxjs'
import { WorkLoop } from './WorkLoop.js'

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
      /** of the queue, how many were subscribed to; they are dropped now and then, not one by one */
      let taken = 0
      let active = false
      let completed = false
      let inner = new Subscription()

      const loop = new WorkLoop(() => {
        if (active || subscriber.closed) return
        const next = queue[taken]
        if (next === undefined) {
          queue = []
          taken = 0
          if (completed) subscriber.complete()
          return
        }
        if (++taken > 1024) {
          queue = queue.slice(taken)
          taken = 0
        }
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
              loop.run()
            },
          }),
        )
      })

      subscriber.add(() => {
        inner.unsubscribe()
        queue = []
      })
      subscriber.add(
        sources$.subscribe({
          next: (source$) => {
            queue.push(source$)
            loop.run()
          },
          error: (error: unknown) => {
            subscriber.error(error)
          },
          complete: () => {
            completed = true
            loop.run()
          },
        }),
      )
    })
