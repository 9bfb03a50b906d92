import type { EventTimeHold } from '../stream/EventTimeHold.js'
import type { SlowestInput } from './slowestInput.js'

/** What the slowest inputs hold back: nothing as long as no other is further. */
export function inputsHold<Input extends { readonly id: string }>(
  place: string,
  slowest: SlowestInput<Input> | undefined,
): EventTimeHold | undefined {
  if (slowest === undefined || slowest.furthest <= slowest.watermark) return undefined
  const { tied, watermark, furthest } = slowest
  return { _tag: 'inputs', place, inputs: tied.map(({ id }) => id), watermark, furthest }
}
