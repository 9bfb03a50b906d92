import { describe, expect, it } from '@jest/globals'
import ts from 'typescript'
import { type Edits, HIT, withHits, withMutant } from './edits.js'
import type { Mutant } from './Mutant.js'
import { mutantsOf } from './mutantsOf.js'

/** As the transformer does. */
const edited = (text: string, edits: Edits): string => {
  let result = ''
  let at = 0
  for (const [start, end, replacement] of edits) {
    expect(start).toBeGreaterThanOrEqual(at)
    result += text.slice(at, start) + replacement
    at = end
  }
  return result + text.slice(at)
}

const text = `
const seen = []
const take = (all, n) => {
  if (n < 1 || all.length === 0)
    return []
  seen.push(n)
  if (n > 100)
    seen.pop(0)
  let i = 0
  i++
  const rest = n - 1 > 0 ? take(all.slice(1), n - 1) : []
  return [all[0], ...rest]
}
result(take([1, 2, 3], 2), seen)
`

/** What a program gives to \`result\`, and which places it comes by. */
const run = (program: string): { readonly result: unknown; readonly places: readonly number[] } => {
  const places = new Set<number>()
  let result: unknown
  const hit = (place: number, value: unknown) => {
    places.add(place)
    return value
  }
  const { outputText, diagnostics } = ts.transpileModule(program, {
    compilerOptions: { target: ts.ScriptTarget.ES2022 },
    reportDiagnostics: true,
  })
  expect(diagnostics?.map(({ messageText }) => messageText)).toEqual([])
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- a program of this spec
  new Function('result', HIT, outputText)((...values: readonly unknown[]) => (result = values), hit)
  return { result, places: [...places] }
}

const numbered = (mutants: readonly Mutant[]) => mutants.map((mutant, place) => ({ ...mutant, place }))

describe('edits', () => {
  it('should put one mutant into a text', () => {
    const [mutant] = mutantsOf('a.ts', 'const a = b < c')
    expect(edited('const a = b < c', withMutant(mutant!))).toBe('const a = ((b) <= (c))')
  })

  it('should tell which places are reached, wherever they are within each other, and change nothing', () => {
    const mutants = numbered(mutantsOf('a.ts', text))
    const undisturbed = run(text)
    const told = run(edited(text, withHits(mutants)))
    expect(told.result).toEqual(undisturbed.result)
    const missed = mutants.filter(({ place }) => !told.places.includes(place))
    expect(missed.map(({ kind, line }) => [kind, line])).toEqual([
      ['removed statement', 8],
      ['constant', 8],
    ])
    expect(mutants.length).toBeGreaterThan(20)
  })
})
