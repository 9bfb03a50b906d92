import type { VirtualProcess } from './VirtualProcess.js'

/** A claim of an attempt. Times in ms. */
interface Claim {
  readonly process: VirtualProcess
  readonly isRetry: boolean
  /** An attempt of the process had taken over before. */
  readonly hadRun: boolean
  /** when the attempt of the process before this one failed */
  readonly failedAt: number
  readonly at: number
  /** when it took over; Infinity: it has not */
  takenAt: number
}

/** Who claimed which attempt of a job and when, and whether it took over: what tells whether a process was superseded rightly. */
export class AttemptLog {
  private readonly claims = new Map<string, Claim>()
  private readonly failures = new Map<VirtualProcess, number>()

  constructor(private readonly now: () => number) {}

  /** A key of the store is created. */
  created(process: VirtualProcess, key: string, text: string): void {
    const [, attempt = '', what] = /^(.*)\/(claim|verdict)\.json$/.exec(key) ?? []
    if (what === 'claim') this.claims.set(attempt, this.claimOf(process))
    const claim = this.claims.get(attempt)
    if (what === 'verdict' && claim !== undefined && /"taken":\s*true/.test(text)) claim.takenAt = this.now()
  }

  failed(process: VirtualProcess): void {
    this.failures.set(process, this.now())
  }

  /**
   * Whether an attempt was superseded by a process without a right to it: by one whose sinks are refused, or by a retry that takes back
   * what was taken over from its process; or what has taken over instead of its process, of two that were about to.
   *
   * Any other retry of a process that has never run may win against a process that was started after it, and comes to run by a retry
   * itself: where a third one has refused both, and could not begin, it depends on their pauses which of them tries last. That does no
   * harm: one runs, from the same checkpoint, and the other one says that it is superseded. The same goes for a process that fails by
   * itself, and whose retry begins before the other one has taken over.
   *
   * @param text of the error
   */
  isUsurped(text: string): boolean {
    const [, attempt = '', newer = ''] = /(attempt-\S+) has been superseded by (\S+) of/.exec(text) ?? []
    const by = this.claims.get(newer)
    if (by === undefined || by.process.part.refused) return true
    if (!by.isRetry) return false
    const { at = Infinity, takenAt = Infinity } = this.claims.get(attempt) ?? {}
    return by.hadRun ? takenAt <= by.at : takenAt < Infinity && at <= by.failedAt
  }

  private claimOf(process: VirtualProcess): Claim {
    const before = [...this.claims.values()].filter((claim) => claim.process === process)
    const failedAt = this.failures.get(process) ?? -Infinity
    const hadRun = before.some(({ takenAt }) => takenAt < Infinity)
    return { process, isRetry: before.length > 0, hadRun, failedAt, at: this.now(), takenAt: Infinity }
  }
}
