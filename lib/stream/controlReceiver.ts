import type { Observable, Subscriber } from 'rxjs'
import type { StreamElement } from './StreamElement.js'

/**
 * Takes the control stream of a source of several streams: what it says for all of them, however many there are, also none. `Restored`
 * first; each barrier, beside the one in each stream; that all streams of the start are known, as the status idle; the final watermark;
 * completion with the source. Never a record.
 */
export type ControlReceiver = (control$: Observable<StreamElement<never>>) => void

/** Marks a subscriber that takes it; the same one in each copy of the package. */
export const CONTROL_RECEIVER = Symbol.for('rx-kafka.controlReceiver')

/**
 * Who takes the control stream behind a subscriber: the nearest that is marked, from each subscriber to the one that it sends to, as
 * Reactor looks up its `Context`. So operators between the source and the merge need not know of it. Undefined when there is none, or
 * when the chain is interrupted: by `share`, or by an Observable that listens with an observer of its own.
 */
export function controlReceiverOf(destination: Subscriber<never>): ControlReceiver | undefined {
  // RxJS keeps `destination` to itself until it has something like a context; spec/stream/controlReceiver.spec.ts holds it to that.
  let at: Link | undefined = destination as unknown as Link
  while (at !== undefined && at[CONTROL_RECEIVER] === undefined) at = at.destination
  return at?.[CONTROL_RECEIVER]
}

interface Link {
  readonly [CONTROL_RECEIVER]?: ControlReceiver | undefined
  readonly destination?: Link | undefined
}
