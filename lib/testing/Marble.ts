import { materialize, type Observable, type ObservableNotification, type SchedulerLike, Subscription } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'

/** What happened, and in which frame: ms of virtual time. */
export type Marble =
  | { readonly frame: number; readonly kind: 'next'; readonly value: unknown }
  | { readonly frame: number; readonly kind: 'error'; readonly error: unknown }
  | { readonly frame: number; readonly kind: 'complete' }

export function marble(frame: number, notification: ObservableNotification<unknown>): Marble {
  switch (notification.kind) {
    case 'N':
      return { frame, kind: 'next', value: notification.value }
    case 'E':
      return { frame, kind: 'error', error: notification.error }
    case 'C':
      return { frame, kind: 'complete' }
  }
}

/** The marbles of a picture in RxJS's notation; values are its letters, an error is `error` (`'error'` when left out). */
export const parseMarbles = (picture: string, error?: unknown): readonly Marble[] =>
  TestScheduler.parseMarbles(picture, undefined, error, false, true).map(({ frame, notification }) =>
    marble(frame, notification as ObservableNotification<unknown>),
  )

/** Notes what comes, from `^` to `!` of the subscription's picture; without one, from the start to the end of the run. */
export function observeMarbles(
  source: Observable<unknown>,
  scheduler: SchedulerLike,
  subscription?: string,
): { readonly marbles: readonly Marble[]; readonly observing: Subscription } {
  const { subscribedFrame, unsubscribedFrame } = TestScheduler.parseMarblesAsSubscriptions(subscription ?? null, true)
  const marbles: Marble[] = []
  const observing = new Subscription()
  const begin = (): void => {
    observing.add(
      source.pipe(materialize()).subscribe((notification) => marbles.push(marble(scheduler.now(), notification))),
    )
  }
  observing.add(scheduler.schedule(begin, subscribedFrame === Infinity ? 0 : subscribedFrame))
  if (unsubscribedFrame !== Infinity) scheduler.schedule(() => observing.unsubscribe(), unsubscribedFrame)
  return { marbles, observing }
}
