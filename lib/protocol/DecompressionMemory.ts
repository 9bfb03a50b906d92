import type { TopicPartition } from '../client/TopicPartition.js'

/** What holds inflated records, and can inflate them anew. */
export interface InflatedHolder {
  readonly topicPartition: TopicPartition
  /** Lets go of them. */
  evict(): void
}

interface Held {
  readonly bytes: number
  /** when it was read last */
  usedAt: number
}

interface Waiting {
  /** when it asked last, and the time before */
  askedAt: number
  askedBefore: number
  /** since when it watches who is read, and how often it has asked since */
  since: number
  asked: number
}

/** Default of `fetch.max.decompressed.bytes`. */
export const DEFAULT_MAX_DECOMPRESSED_BYTES = 256 * 1024 * 1024

/** As often as one that waits has asked in vain, one that was not read meanwhile has to give way. */
const PATIENCE = 10

/**
 * How much the fetches of a client may have inflated at one time, all together. Compressed batches are bounded by `fetch.max.bytes`,
 * but a few kilobytes can become a hundred megabytes.
 *
 * Who finds no room waits, and asks again; the one that has waited longest is served first. Those that hold the room are being read
 * as a rule. One that is not read on (a split that is paused until the watermark of another comes along, say) loses what it holds
 * to one that waits, and inflates it again when it is its turn; so nothing waits in a circle. Time is counted in calls: a clock would
 * take the time of inflating for idleness.
 */
export class DecompressionMemory {
  /** the one that was read longest ago first */
  private readonly holders = new Map<InflatedHolder, Held>()
  /** the one that has waited longest first */
  private readonly waiting = new Map<InflatedHolder, Waiting>()
  private held = 0
  private time = 0

  constructor(readonly limit = DEFAULT_MAX_DECOMPRESSED_BYTES) {}

  /** Bytes that are inflated now. */
  get heldBytes(): number {
    return this.held
  }

  /** Bytes that may be inflated now by one that holds nothing; fewer than `needed`: it has to ask again later. */
  roomFor(holder: InflatedHolder, needed: number): number {
    const now = ++this.time
    const wait = this.waiting.get(holder) ?? { askedAt: -1, askedBefore: -1, since: now, asked: 0 }
    this.forgetSilent(holder, wait.askedBefore)
    this.waiting.set(holder, Object.assign(wait, { askedAt: now, askedBefore: wait.askedAt }))
    const [first] = this.waiting.keys()
    if (first !== holder) return 0
    if (this.limit - this.held < needed && ++wait.asked > PATIENCE) {
      this.evictUnread(needed, wait.since)
      Object.assign(wait, { since: now, asked: 0 })
    }
    return this.limit - this.held
  }

  hold(holder: InflatedHolder, bytes: number): void {
    this.waiting.delete(holder)
    this.holders.set(holder, { bytes, usedAt: ++this.time })
    this.held += bytes
  }

  /** The holder is being read. */
  touch(holder: InflatedHolder): void {
    const held = this.holders.get(holder)
    if (held === undefined) return
    held.usedAt = ++this.time
    this.holders.delete(holder)
    this.holders.set(holder, held)
  }

  /** It holds nothing any more, and waits for nothing. */
  release(holder: InflatedHolder): void {
    this.waiting.delete(holder)
    this.held -= this.holders.get(holder)?.bytes ?? 0
    this.holders.delete(holder)
  }

  /** Takes back what the chosen ones hold. */
  evictWhere(isChosen: (holder: InflatedHolder) => boolean): void {
    for (const holder of [...this.waiting.keys(), ...this.holders.keys()]) if (isChosen(holder)) this.evict(holder)
  }

  /** Those before it in the queue that have not asked while it did so twice: they may never ask again. */
  private forgetSilent(holder: InflatedHolder, since: number): void {
    for (const [first, { askedAt }] of this.waiting) {
      if (first === holder || askedAt > since) return
      this.waiting.delete(first)
    }
  }

  private evictUnread(needed: number, since: number): void {
    for (const [holder, { usedAt }] of this.holders) {
      if (this.limit - this.held >= needed || usedAt > since) return
      this.evict(holder)
    }
  }

  private evict(holder: InflatedHolder): void {
    this.release(holder)
    holder.evict()
  }
}
