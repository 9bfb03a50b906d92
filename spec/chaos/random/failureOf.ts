import type { Outcome, ViolationKind } from './Outcome.js'

/** What is wrong with an outcome, above all else. */
export interface Failure {
  readonly kind: ViolationKind
  readonly what: string
  /** the same for failures that look alike, whatever their numbers and names */
  readonly sign: string
}

/** The more telling first. */
const order: readonly ViolationKind[] = [
  ...(['probing', 'unhandled', 'usurped', 'silence', 'doubled', 'disorder', 'invented', 'beyond restart'] as const),
  ...(['lost', 'held', 'open', 'hang', 'answered early'] as const),
]

/** @param without kinds that are known, and not looked at */
export const failureOf = ({ violations }: Outcome, without: readonly ViolationKind[] = []): Failure | undefined => {
  const kind = order.find((each) => !without.includes(each) && violations.some((violation) => violation.kind === each))
  const found = violations.find((violation) => violation.kind === kind)
  if (found === undefined) return undefined
  return { ...found, sign: `${found.kind} ${signOf(found.kind, found.what)}`.trim() }
}

const signOf = (kind: ViolationKind, what: string): string => {
  switch (kind) {
    case 'beyond restart':
    case 'unhandled':
      return `${what.includes('aborted by InitProducerId') ? 'InitProducerId ' : ''}${nameless(what)}`
    case 'lost':
      return what.includes('aborted by InitProducerId') ? 'to InitProducerId' : ''
    default:
      return ''
  }
}

const nameless = (what: string): string =>
  what
    .replace(/\d+/g, 'n')
    .replace(/"[^"]*"/g, '…')
    .slice(0, 70)
