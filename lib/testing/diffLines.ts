/**
 * Two lists of lines as one: what both have is indented, what only the expected one has is led by `-`, what only the received one
 * has by `+`. Long stretches in common are cut to what is near a difference.
 */
export function diffLines(expected: readonly string[], received: readonly string[]): readonly string[] {
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
  return nearDifferences(lines)
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
