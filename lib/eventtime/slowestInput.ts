/** The slowest of the inputs that count for a combined watermark. */
export interface SlowestInput<Input> {
  readonly input: Input
  readonly watermark: number
  /** The combined watermark if it did not count. */
  readonly watermarkWithout: number
  /** All that are as slow. */
  readonly tied: readonly Input[]
  /** The latest watermark of all inputs, of those too that do not count. */
  readonly furthest: number
}

/**
 * Undefined when no input counts.
 *
 * @param emitted the combined watermark so far: it never goes back
 * @param latest of all inputs: what is emitted when none counts any more
 */
export function slowestInput<Input>(
  counting: readonly (readonly [Input, number])[],
  emitted: number,
  latest: number,
): SlowestInput<Input> | undefined {
  let slowest: readonly [Input, number] | undefined
  let next: number | undefined
  for (const one of counting) {
    if (slowest === undefined) slowest = one
    else if (one[1] < slowest[1]) [slowest, next] = [one, slowest[1]]
    else if (next === undefined || one[1] < next) next = one[1]
  }
  if (slowest === undefined) return undefined
  const [input, watermark] = slowest
  const tied = counting.filter((one) => one[1] === watermark).map(([one]) => one)
  return { input, watermark, watermarkWithout: Math.max(emitted, next ?? latest), tied, furthest: latest }
}
