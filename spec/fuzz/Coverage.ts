import type { FileCounters } from './loadInstrumented.js'

/** A statement or the side of a branch, and about how often it was run. */
export type Feature = number

/** What the input just run has reached. How often is told in eight steps, so that a loop taken twice differs from once. */
export class Coverage {
  private readonly rows: readonly (Record<string, number> | number[])[]

  constructor(files: readonly FileCounters[]) {
    this.rows = files.flatMap(({ s, b }) => [s, ...Object.values(b)])
    this.take()
  }

  /** The features since the last call. */
  take(): readonly Feature[] {
    const features: Feature[] = []
    let index = 0
    for (const row of this.rows as readonly Record<string, number>[]) {
      for (const key in row) {
        const count = row[key]!
        if (count > 0) {
          features.push(index * STEPS + step(count))
          row[key] = 0
        }
        index++
      }
    }
    return features
  }
}

const STEPS = 8

const step = (count: number): number =>
  count < 4 ? count - 1 : count < 8 ? 3 : count < 16 ? 4 : count < 32 ? 5 : count < 128 ? 6 : 7
