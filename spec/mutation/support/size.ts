/** For the spec of the harness: `size.spec.ts` notices some mutants of it, others not, and does not come by the rest. */
export const size = (n: number): string => (n > 0 ? 'small' : below(n))

const below = (n: number): string => String(n - 1)
