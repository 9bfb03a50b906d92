import { Script } from 'node:vm'
import type { Coverage, Feature } from './Coverage.js'
import type { FuzzTarget } from './FuzzTarget.js'
import { mutate } from './mutate.js'

/** A round takes a second on a quiet machine; what takes a minute on any hangs, ms. */
const PATIENCE = 60_000
const MAX_LENGTH = 4096
const ROUND = 500

interface Kept {
  readonly input: Buffer
  readonly features: readonly Feature[]
}

/** What came of an input that it should not. */
export interface Fault {
  readonly input: Buffer
  readonly error: unknown
}

/**
 * Damages inputs, and keeps those that reach what none before has reached: they are the ones worth damaging further.
 * The same seed and the same inputs make the same run.
 */
export class Fuzzer {
  executions = 0
  private readonly kept: Kept[] = []
  private readonly seen = new Set<Feature>()
  private current: Buffer = Buffer.alloc(0)

  constructor(
    private readonly target: FuzzTarget,
    private readonly coverage: Coverage,
    private readonly random: (n: number) => number,
  ) {}

  get features(): number {
    return this.seen.size
  }

  /** Runs one input. */
  try(input: Buffer): Fault | undefined {
    return this.guarded(() => this.run(input))
  }

  /** Some hundred damaged inputs, up to the first fault. */
  round(): Fault | undefined {
    return this.guarded(() => {
      for (let left = ROUND; left > 0; left--) this.run(this.next())
    })
  }

  /** The smallest inputs found that together reach all that was reached. */
  minimised(): readonly Buffer[] {
    const covered = new Set<Feature>()
    return [...this.kept]
      .sort((a, b) => a.input.length - b.input.length)
      .filter(({ features }) => {
        const before = covered.size
        for (const feature of features) covered.add(feature)
        return covered.size > before
      })
      .map(({ input }) => input)
  }

  private next(): Buffer {
    const pick = (): Buffer => this.kept[this.random(this.kept.length)]?.input ?? Buffer.alloc(0)
    const input = mutate(pick(), pick(), this.random, MAX_LENGTH)
    return this.target.repair !== undefined && this.random(2) === 0 ? this.target.repair(input, this.random) : input
  }

  private run(input: Buffer): void {
    this.current = input
    this.executions++
    this.target.run(input)
    const features = this.coverage.take()
    if (!features.some((feature) => !this.seen.has(feature))) return
    for (const feature of features) this.seen.add(feature)
    this.kept.push({ input: Buffer.from(input), features })
  }

  /** An endless loop ends here too: V8 interrupts a script that runs for too long. */
  private guarded(act: () => void): Fault | undefined {
    const world = globalThis as { fuzzed?: () => void }
    world.fuzzed = act
    try {
      script.runInThisContext({ timeout: PATIENCE })
      return undefined
    } catch (error) {
      this.coverage.take()
      return { input: Buffer.from(this.current), error }
    } finally {
      delete world.fuzzed
    }
  }
}

const script = new Script('fuzzed()')
