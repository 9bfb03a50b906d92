/** Sessions by the book: of ascending timestamps, spans that reach `gap` ms beyond their last one. */
export const sessionSpans =
  (gap: number) =>
  (timestamps: readonly number[]): readonly (readonly [start: number, end: number])[] => {
    const spans: [number, number][] = []
    for (const timestamp of timestamps) {
      const last = spans.at(-1)
      if (last !== undefined && timestamp <= last[1]) last[1] = timestamp + gap
      else spans.push([timestamp, timestamp + gap])
    }
    return spans
  }
