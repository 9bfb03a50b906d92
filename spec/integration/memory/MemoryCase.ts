/** What a case works on. */
export interface MemoryInput {
  readonly bootstrapServers: string
  /** to read from */
  readonly topic: string
  /** to write to, where a case writes */
  readonly output: string
}

/** What a case has read when it holds the most. The process is measured there. */
export interface MemoryFigures {
  readonly records: number
  /** bytes on the heap and outside of it that a garbage collection leaves, more than before the case */
  readonly held: number
  /** bytes of the process at its largest, garbage and Node itself included */
  readonly peak: number
}

/** Runs until nothing moves any more, and says what was read. */
export type MemoryCase = (input: MemoryInput) => Promise<number>
