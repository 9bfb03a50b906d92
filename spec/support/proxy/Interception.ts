import { type ApiName, apiKeys } from './frames.js'
import type { KafkaProxy } from './KafkaProxy.js'

/** What becomes of a frame: it goes on, or the connection is cut in its place. */
export type Verdict = 'pass' | 'cut'

export interface InterceptionRule {
  readonly api: ApiName
  /** `request`: the broker has not seen it yet. `response`: the broker has acted, the client does not know. */
  readonly moment: 'request' | 'response'
  /** leaves so many alone first; 0 by default */
  readonly after?: number
  /** acts on so many; 1 by default */
  readonly times?: number
  /** called before the frame goes on */
  readonly act: (proxy: KafkaProxy) => Verdict
}

/** Waits at one or several proxies for requests or responses of one kind, and acts on the n-th. */
export class Interception {
  private met = 0
  private finish: () => void = () => undefined
  /** Resolves when it has acted as often as it should. */
  readonly done = new Promise<void>((resolve) => (this.finish = resolve))

  constructor(readonly rule: InterceptionRule) {}

  /** The request goes through, the broker acts, and nobody hears of it. */
  static loseResponse(api: ApiName, { after = 0, times = 1 } = {}): Interception {
    return new Interception({ api, moment: 'response', after, times, act: () => 'cut' })
  }

  /** How often it has acted. */
  get hits(): number {
    return Math.max(0, this.met - (this.rule.after ?? 0))
  }

  get isDone(): boolean {
    return this.hits >= (this.rule.times ?? 1)
  }

  judge(apiKey: number, moment: 'request' | 'response', proxy: KafkaProxy): Verdict {
    const { rule } = this
    if (this.isDone || moment !== rule.moment || apiKey !== apiKeys[rule.api]) return 'pass'
    this.met++
    if (this.met <= (rule.after ?? 0)) return 'pass'
    if (this.met === (rule.after ?? 0) + (rule.times ?? 1)) this.finish()
    return rule.act(proxy)
  }
}
