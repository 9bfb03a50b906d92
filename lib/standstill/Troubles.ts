import type { Logger } from '../client/KafkaConfig.js'
import { look, moving, type Standstill, type StandstillRule } from './Standstill.js'

/**
 * Trouble by key (a broker, a topic) that is met again at each try: told when it has lasted, again with growing pauses, and told as over.
 * It needs no timer, since it is for what is tried again anyway; what nobody tries any more is not told any more.
 *
 * What is over is told on the level on which it began: who saw the one should see the other.
 */
export class Troubles {
  private readonly met = new Map<string, Standstill>()

  /** @param now the clock, in ms */
  constructor(
    private readonly rule: StandstillRule,
    private readonly logger: Pick<Logger, 'warn'> | undefined,
    private readonly now: () => number,
  ) {}

  /** It was met, for the first time or again. Says so when it is due. */
  meet(key: string, message: (ms: number) => string): void {
    const before = this.met.get(key) ?? moving(this.rule)
    const { next, news } = look(this.rule, before, before.since ?? this.now(), this.now())
    this.met.set(key, next)
    if (news !== undefined) this.logger?.warn(message(news.ms))
  }

  /** It is over. Says so when it was told; without a message nobody needs to know. */
  over(key: string, message?: (ms: number) => string): void {
    const before = this.met.get(key)
    if (before === undefined) return
    this.met.delete(key)
    const { news } = look(this.rule, before, undefined, this.now())
    if (news !== undefined && message !== undefined) this.logger?.warn(message(news.ms))
  }
}
