import type { Logger } from '../client/KafkaConfig.js'
import { Troubles } from '../standstill/Troubles.js'
import { duration, listed } from '../standstill/words.js'
import { lasting } from './lasting.js'

/**
 * Partitions that a broker answers, and does not let us read or write: one line for all of one broker, after some seconds and then with
 * growing pauses, and one when it is over. What cannot be reached is told by its connection.
 */
export class StuckPartitions {
  /** by partition, where it is stuck */
  private readonly places = new Map<string, string>()
  private readonly troubles: Troubles

  /**
   * @param what completes "cannot be …": `read`
   * @param now the clock, in ms
   */
  constructor(
    private readonly what: 'read' | 'written',
    logger: Pick<Logger, 'warn'> | undefined,
    now: () => number,
  ) {
    this.troubles = new Troubles(lasting, logger, now)
  }

  /**
   * It was tried, in vain.
   *
   * @param broker who answered: `broker 1 (localhost:9092)`; undefined when there is nobody to ask
   */
  add(partition: string, broker: string | undefined, why: string): void {
    const place = broker ?? nobody
    if (this.places.get(partition) !== place) {
      this.leave(partition)
      this.places.set(partition, place)
    }
    this.troubles.meet(place, (ms) => {
      const stuck = this.at(place)
      const partitions =
        stuck.length === 1 ? `Partition ${stuck[0]} cannot` : `${stuck.length} partitions (${listed(stuck)}) cannot`
      const where = broker === undefined ? '' : this.what === 'read' ? ` from ${broker}` : ` to ${broker}`
      return `${partitions} be ${this.what}${where} for ${duration(ms)}, and ${stuck.length === 1 ? 'is' : 'are'} tried again: ${why}`
    })
  }

  /** It could be read or written. */
  remove(partition: string): void {
    this.leave(partition, (place, ms) => {
      const where = place === nobody ? 'Partitions that had no leader' : `Partitions of ${place}`
      return `${where} can be ${this.what} again, after ${duration(ms)}.`
    })
  }

  /** It is not wanted any more. */
  forget(partition: string): void {
    this.leave(partition)
  }

  private leave(partition: string, message?: (place: string, ms: number) => string): void {
    const place = this.places.get(partition)
    if (place === undefined) return
    this.places.delete(partition)
    if (this.at(place).length > 0) return
    this.troubles.over(place, message === undefined ? undefined : (ms) => message(place, ms))
  }

  private at(place: string): readonly string[] {
    return [...this.places]
      .flatMap(([partition, stuckAt]) => (stuckAt === place ? [partition] : []))
      .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  }
}

/** Stands for a broker where there is none to ask. */
const nobody = ''
