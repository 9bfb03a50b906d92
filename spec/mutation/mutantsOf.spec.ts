import { describe, expect, it } from '@jest/globals'
import { mutantsOf } from './mutantsOf.js'

/** What each mutant of a text reads like: `kind: the whole text, changed`. */
const changed = (text: string): readonly string[] =>
  mutantsOf('a.ts', text).map(
    ({ kind, start, end, replacement }) => `${kind}: ${text.slice(0, start)}${replacement}${text.slice(end)}`,
  )

describe('mutantsOf', () => {
  it.each([
    ['a < b', ['boundary: ((a) <= (b))', 'comparison: ((a) >= (b))']],
    ['a >= b', ['boundary: ((a) > (b))', 'comparison: ((a) < (b))']],
    ['a === b', ['comparison: ((a) !== (b))']],
    ['a && b', ['boolean: ((a) || (b))']],
    ['a * b % c', ['arithmetic: ((a * b) * (c))', 'arithmetic: ((a) / (b)) % c']],
    ['a ?? b', ['default: a']],
    ['!a', ['boolean: a']],
    ['n', []],
    ['7', ['constant: (7 + 1)']],
    ['true', ['boolean: false']],
    ['a.filter(f)', ['removed call: a']],
    ['Math.min(a, b)', ['boundary: Math.max(a, b)']],
    ['a ? b : c', ['condition: true ? b : c', 'condition: false ? b : c']],
  ])('should know what can go wrong with %s', (expression, expected) => {
    const found = changed(`const x = ${expression}`).map((text) => text.replace('const x = ', ''))
    expect(found).toEqual(expected)
  })

  it('should leave out what is done for its effect, and early ends', () => {
    expect(changed('const f = () => {\n  if (a) return\n  b.c()\n  i++\n}')).toEqual([
      'condition: const f = () => {\n  if (true) return\n  b.c()\n  i++\n}',
      'condition: const f = () => {\n  if (false) return\n  b.c()\n  i++\n}',
      'removed statement: const f = () => {\n  if (a) {}\n  b.c()\n  i++\n}',
      'removed statement: const f = () => {\n  if (a) return\n  {}\n  i++\n}',
      'removed statement: const f = () => {\n  if (a) return\n  b.c()\n  {}\n}',
      'arithmetic: const f = () => {\n  if (a) return\n  b.c()\n  i--\n}',
    ])
  })

  it('should leave types, imports, names of properties and messages alone', () => {
    const text = `
      import { a } from './7.js'
      interface I { readonly n: 7 }
      type T = 7 | true
      const x: 7 = y as 7
      const z = { 7: x, message: a < b ? 'one' : 'many' }
      const s = 'a' + b
      const m = \`\${n + 1} of 7\`
    `
    expect(changed(text)).toEqual([])
  })

  it('should say where each is', () => {
    expect(mutantsOf('lib/a.ts', 'const a = b\n\nconst c = a > 1')).toEqual([
      expect.objectContaining({ kind: 'boundary', file: 'lib/a.ts', line: 3, isStatement: false }),
      expect.objectContaining({ kind: 'comparison', line: 3 }),
      expect.objectContaining({ kind: 'constant', line: 3 }),
    ])
  })
})
