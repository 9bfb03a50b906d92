import type { Marble } from './Marble.js'

/**
 * The picture of marbles in RxJS's notation: `a-b 200ms (cd|)`. Undefined where there is none: the brackets of a group take
 * time in a picture, and something may happen within it.
 */
export function drawMarbles(marbles: readonly Marble[], letterOf: (value: unknown) => string): string | undefined {
  let picture = ''
  let at = 0
  for (const [frame, together] of byFrame(marbles)) {
    if (frame < at) return undefined
    const symbols = together.map((one) => symbolOf(one, letterOf)).join('')
    picture += pause(frame - at) + (together.length > 1 ? `(${symbols})` : symbols)
    at = frame + (together.length > 1 ? together.length + 2 : 1)
  }
  return picture === '' ? '-' : picture.trim()
}

const byFrame = (marbles: readonly Marble[]): ReadonlyMap<number, readonly Marble[]> => {
  const frames = new Map<number, Marble[]>()
  for (const one of marbles) {
    const together = frames.get(one.frame)
    if (together === undefined) frames.set(one.frame, [one])
    else together.push(one)
  }
  return frames
}

const symbolOf = (one: Marble, letterOf: (value: unknown) => string): string =>
  one.kind === 'next' ? letterOf(one.value) : one.kind === 'complete' ? '|' : '#'

const pause = (ms: number): string => {
  if (ms <= 12) return '-'.repeat(ms)
  if (ms % 60_000 === 0) return ` ${ms / 60_000}m `
  return ms % 1000 === 0 ? ` ${ms / 1000}s ` : ` ${ms}ms `
}
