/** What a case works on. Records are 100 bytes in 4 partitions. */
export interface BenchInput {
  readonly bootstrapServers: string
  /** filled with `records` records before the first run */
  readonly topic: string
  /** empty, of this run alone */
  readonly output: string
  readonly records: number
  /** a folder of this run alone */
  readonly directory: string
}

/** What one run of a case took, from its first record to its last, and of the whole process. */
export interface BenchResult {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly peakMb: number
  readonly recordsPerSecond: number
}

/** Does its work on `records` records; resolves with the seconds from its first to its last record. */
export type BenchCase = (input: BenchInput) => Promise<number>

/** A stopwatch that is started by the first record. */
export const stopwatch = () => {
  let startedAt: number | undefined
  return {
    start: () => {
      startedAt ??= performance.now()
    },
    seconds: () => (performance.now() - (startedAt ?? performance.now())) / 1000,
  }
}

export const PARTITIONS = 4

/** A value of 100 bytes. */
export const benchValue = (n: number): string => String(n).padStart(10, '0').padEnd(100, 'x')
