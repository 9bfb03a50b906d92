import { recognizeAcrossCopies } from '../errors/recognizeAcrossCopies.js'
import { agrees, marbleAgrees } from './agrees.js'
import { diffLines } from './diffLines.js'
import { drawMarbles } from './drawMarbles.js'
import type { Marble } from './Marble.js'
import { showValue } from './showElement.js'

/** What a spec expected of something that it observed, and what came. */
export interface MarbleCheck {
  /** `expectElements`, `expectCommits('delays')` */
  readonly title: string
  /** As it was written; drawn from what was expected when left out. */
  readonly picture?: string
  /** What the letters of the picture stand for. */
  readonly letters?: readonly (readonly [letter: string, value: unknown])[]
  /** What the picture says, frame by frame. */
  readonly expected: readonly Marble[]
  /** What was observed, frame by frame. */
  readonly received: readonly Marble[]
}

/**
 * Pictures that are not true, all those of a run: each as what was drawn, what came, and the differences.
 *
 * ```text
 * expectElements: what came is not what is drawn.
 *
 *   expected  a 99ms w
 *   received  a 199ms w
 *   where a = AMS@100, w = W99
 *
 *          0 ms  AMS@100
 *   -    100 ms  W99
 *   +    200 ms  W99
 * ```
 *
 * @example
 * ```ts
 * try {
 *   runMarbles(({ coldElements, expectElements }) => expectElements(coldElements('a|')).toBe('b|'))
 * } catch (error) {
 *   if (error instanceof MarbleMismatch) console.log(error.checks.map(({ title }) => title)) // ['expectElements']
 * }
 * ```
 */
export class MarbleMismatch extends Error {
  static {
    recognizeAcrossCopies(this, 'MarbleMismatch')
  }

  /** The name of the class, also where the program is minified. */
  override readonly name = 'MarbleMismatch'

  constructor(
    /** the pictures that are not true, in the order in which they were expected */
    readonly checks: readonly MarbleCheck[],
  ) {
    super(checks.map(describe).join('\n\n'), {
      cause: checks.map(unexpectedError).find((error) => error !== undefined),
    })
  }
}

export const isTrue = ({ expected, received }: MarbleCheck): boolean =>
  received.length === expected.length && expected.every((one, n) => marbleAgrees(received[n], one))

/** With its stack, which a picture has not. */
const unexpectedError = ({ expected, received }: MarbleCheck): unknown => {
  const failure = received.find(({ kind }) => kind === 'error')
  return failure?.kind === 'error' && expected.every(({ kind }) => kind !== 'error') ? failure.error : undefined
}

function describe({ title, picture, letters = [], expected, received }: MarbleCheck): string {
  const legend = new Legend(letters)
  const letterOf = (value: unknown): string => legend.letterOf(value)
  const drawn =
    picture ?? drawMarbles(expected, letterOf) ?? 'see below: something happens within the time that brackets take'
  const came = drawMarbles(received, letterOf) ?? 'see below: something happens within the time that brackets take'
  // What a matcher accepts is no difference.
  const accepted = expected.map((one) => received.find((came) => marbleAgrees(came, one)) ?? one)
  const differences = diffLines(accepted.map(line), received.map(line))
  return [
    `${title}: what came is not what is drawn.`,
    '',
    `  expected  ${drawn}`,
    `  received  ${came}`,
    ...legend.lines.map((text) => `  ${text}`),
    '',
    ...differences.map((text) => `  ${text}`),
  ].join('\n')
}

const line = (one: Marble): string => `${String(one.frame).padStart(6)} ms  ${wordOf(one)}`

const wordOf = (one: Marble): string => {
  switch (one.kind) {
    case 'next':
      return showValue(one.value)
    case 'error':
      return `failed: ${one.error instanceof Error ? one.error.message : showValue(one.error)}`
    case 'complete':
      return 'completed'
  }
}

const spare = Array.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789')

/** Letters for values: those of the picture first, then any that it does not use. */
class Legend {
  private readonly letters: (readonly [letter: string, value: unknown])[]

  constructor(letters: readonly (readonly [letter: string, value: unknown])[]) {
    this.letters = [...letters]
  }

  get lines(): readonly string[] {
    const meanings = this.letters
      .filter(([letter, value]) => showValue(value) !== letter)
      .map(([letter, value]) => `${letter} = ${showValue(value)}`)
    return meanings.length === 0 ? [] : [`where ${[...new Set(meanings)].join(', ')}`]
  }

  letterOf(value: unknown): string {
    const known = this.letters.find(([, own]) => agrees(value, own))
    if (known !== undefined) return known[0]
    const letter = this.spareLetter(value)
    this.letters.push([letter, value])
    return letter
  }

  private spareLetter(value: unknown): string {
    const free = (candidate: string): boolean => this.letters.every(([letter]) => letter !== candidate)
    const word = showValue(value)
    return (word.length === 1 && free(word) ? word : spare.find(free)) ?? '?'
  }
}
