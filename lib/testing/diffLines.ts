/**
 * Two lists of lines as one: what both have is indented, what only the expected one has is led by `-`, what only the received one
 * has by `+`. Long stretches in common are cut to what is near a difference.
 */
export function diffLines(expected: readonly string[], received: readonly string[]): readonly string[] {
  const [shorter, longer] = expected.length < received.length ? [expected, received] : [received, expected]
  const differing = (fromEnd: boolean): number => {
    const at = (lines: readonly string[], n: number) => lines.at(fromEnd ? -1 - n : n)
    const first = shorter.findIndex((_, n) => at(shorter, n) !== at(longer, n))
    return first < 0 ? shorter.length : first
  }
  const before = differing(false)
  const after = Math.min(differing(true), shorter.length - before)
  const middle = (lines: readonly string[]): readonly string[] => lines.slice(before, lines.length - after)
  return nearDifferences([
    ...expected.slice(0, before).map((line) => `  ${line}`),
    ...compared(middle(expected), middle(received)),
    ...expected.slice(expected.length - after).map((line) => `  ${line}`),
  ])
}

/** Beyond so many lines nobody reads, and the comparison of each with each would take long. */
const MAX_LINES = 1_000

const compared = (allExpected: readonly string[], allReceived: readonly string[]): readonly string[] => {
  const [expected, received] = [allExpected.slice(0, MAX_LINES), allReceived.slice(0, MAX_LINES)]
  const common = longestCommon(expected, received)
  const lines: string[] = []
  let [e, r] = [0, 0]
  while (e < expected.length || r < received.length) {
    if (e < expected.length && r < received.length && expected[e] === received[r]) {
      lines.push(`  ${expected[e]!}`)
      e++
      r++
    } else if (e < expected.length && (r === received.length || common[e + 1]![r]! >= common[e]![r + 1]!)) {
      lines.push(`- ${expected[e++]!}`)
    } else {
      lines.push(`+ ${received[r++]!}`)
    }
  }
  return lines
}

/** How many lines what is behind each pair of places has in common. */
const longestCommon = (a: readonly string[], b: readonly string[]): readonly (readonly number[])[] => {
  const lengths = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0))
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i]![j] = a[i] === b[j] ? lengths[i + 1]![j + 1]! + 1 : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!)
    }
  }
  return lengths
}

const CONTEXT = 3

const nearDifferences = (lines: readonly string[]): readonly string[] => {
  const differs = lines.flatMap((line, n) => (line.startsWith(' ') ? [] : [n]))
  const near = lines.map((_, n) => differs.some((other) => Math.abs(other - n) <= CONTEXT))
  return lines.flatMap((line, n) => (near[n] === true ? [line] : near[n - 1] === true || n === 0 ? ['  …'] : []))
}
