import * as t from 'io-ts'
import { extendedNumber } from '../../checkpoint/StateCodec.js'
import { KeyCodec } from '../Key.js'
import type { Key } from '../Key.js'

/** What is kept of windows in a checkpoint: those not yet forgotten, and how far event time had come. */
export interface KeyedWindowsState<A> {
  readonly watermark: number
  readonly panes: readonly {
    readonly key: Key
    readonly start: number
    readonly end: number
    readonly accumulator: A
  }[]
}

/** @param accumulator how users' accumulators are written */
export function keyedWindowsCodec<A>(accumulator: t.Type<A, unknown>): t.Type<KeyedWindowsState<A>, unknown> {
  const pane = t.type({ key: KeyCodec, start: extendedNumber, end: extendedNumber, accumulator })
  return t.type({ watermark: extendedNumber, panes: t.readonlyArray(pane) })
}
