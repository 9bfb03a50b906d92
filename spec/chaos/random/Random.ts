/** Whole numbers from 0 to below `n`. */
export type Random = (n: number) => number

export const anyOf = <T>(random: Random, values: readonly T[]): T => values[random(values.length)]!
