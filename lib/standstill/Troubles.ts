import type { Logger } from '../client/KafkaConfig.js'
import { look, moving, type Standstill, type StandstillRule } from './Standstill.js'

/** What was not met for so long, in ms, is forgotten: nobody tries it any more, or it went well unnoticed. */
const FADES_AFTER = 120_000

/**
 * Trouble by key (a broker, a topic) that is met again at each try: told when it has lasted, again with growing pauses, and told as over.
 * It needs no timer, since it is for what is tried again anyway; what nobody tries any more is not told any more.
 *
 * What is over is told on the level on which it began: who saw the one should see the other.
 */
export class Troubles {
  private readonly met = new Map<string, { readonly standstill: Standstill; readonly at: number }>()

  /** @param now the clock, in ms */
  constructor(
    private readonly rule: StandstillRule,
    private readonly logger: Pick<Logger, 'warn'> | undefined,
    readonly now: () => number,
  ) {}

  /**
   * It was met, for the first time or again. Says so when it is due.
   *
   * @param began when it began, if this is the first time: what takes long to fail began before it failed
   */
  meet(key: string, message: (ms: number) => string, began = this.now()): void {
    const now = this.now()
    const before = this.known(key, now) ?? moving(this.rule)
    const { next, news } = look(this.rule, before, before.since ?? began, now)
    this.met.set(key, { standstill: next, at: now })
    if (news !== undefined) this.logger?.warn(message(news.ms))
  }

  /** It is over. Says so when it was told; without a message nobody needs to know. */
  over(key: string, message?: (ms: number) => string): void {
    const now = this.now()
    const before = this.known(key, now)
    if (before === undefined) return
    this.met.delete(key)
    const { news } = look(this.rule, before, undefined, now)
    if (news !== undefined && message !== undefined) this.logger?.warn(message(news.ms))
  }

  private known(key: string, now: number): Standstill | undefined {
    const entry = this.met.get(key)
    return entry === undefined || now - entry.at > FADES_AFTER ? undefined : entry.standstill
  }
}
