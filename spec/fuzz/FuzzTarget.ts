/** What is fed with bytes, and knows what must come of them. */
export interface FuzzTarget {
  /** also the folder of its corpus */
  readonly name: string
  /** Feeds one input. @throws when something else came of it than should */
  run(input: Buffer): void
  /** Valid inputs to begin with. */
  seeds(): readonly Buffer[]
  /**
   * Makes lengths and checksums of a damaged input fit again, so that what stands behind them is reached.
   */
  repair?(input: Buffer, random: (n: number) => number): Buffer
}
