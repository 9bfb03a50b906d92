/** When something that does not move is told. Times in ms. */
export interface StandstillRule {
  /** how long it stands still before it is told */
  readonly after: number
  /** It is told again while it lasts, after pauses that double from `after` up to this. Left out: it is told once. */
  readonly longestPause?: number
  /** What went on by itself was slow, not stuck: the next time is told only when it lasts twice as long as that one did. */
  readonly learns?: boolean
}

/** What is remembered of it from one look to the next. Times in ms. */
export interface Standstill {
  /** since when it stands; undefined while it moves */
  readonly since: number | undefined
  /** how long the next one may last */
  readonly after: number
  /** when this one is to be told, or told again; Infinity: not any more */
  readonly due: number
  /** how often this one was told */
  readonly told: number
}

/** What there is to be said after a look: it stands, or moves again after it was told to stand, for how many ms. */
export interface StandstillNews {
  readonly _tag: 'stands' | 'moves'
  readonly ms: number
}

/** Before the first look. */
export const moving = ({ after }: StandstillRule): Standstill => ({ since: undefined, after, due: Infinity, told: 0 })

/**
 * Looks at it again: `since` is when it began to stand still, undefined while it moves. Another `since` than before says that it moved
 * in between.
 */
export const look = (
  rule: StandstillRule,
  before: Standstill,
  since: number | undefined,
  now: number,
): { readonly next: Standstill; readonly news?: StandstillNews } => {
  if (since !== before.since) return ended(rule, before, since, now)
  if (since === undefined || now < before.due) return { next: before }
  const told = before.told + 1
  const { longestPause } = rule
  const due = longestPause === undefined ? Infinity : now + Math.min(rule.after * 2 ** before.told, longestPause)
  return { next: { ...before, told, due }, news: { _tag: 'stands', ms: now - since } }
}

/** The former standstill is over, if there was one; another may have begun since. */
const ended = (rule: StandstillRule, before: Standstill, since: number | undefined, now: number) => {
  const ms = (since ?? now) - (before.since ?? now)
  const after = rule.learns === true && before.told > 0 ? Math.max(before.after, 2 * ms) : before.after
  const begun = { since, after, due: since === undefined ? Infinity : since + after, told: 0 }
  if (before.told > 0) return { next: begun, news: { _tag: 'moves', ms } as const }
  return look(rule, begun, since, now)
}
