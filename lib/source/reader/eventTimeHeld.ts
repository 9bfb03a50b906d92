import type { StandstillCondition } from '../../standstill/StandstillWatch.js'
import { duration, listed } from '../../standstill/words.js'
import type { EventTimeHold } from '../../stream/EventTimeHold.js'

/** A place that may hold event time: the source itself, or a part of the pipeline behind it. */
export interface HoldingPlace {
  readonly holding?: (() => EventTimeHold | undefined) | undefined
}

/** What was seen of a place at the first look that saw this cause. */
interface Seen {
  readonly cause: string
  readonly progress: number
  readonly at: number
}

/** How long event time may wait for one thing before it is told, in ms. */
const PATIENCE = 10_000

/** The causes that were told, and by whom: a merge of several sources presents itself to each of them. */
const tellings = new WeakMap<HoldingPlace, { readonly cause: string; readonly by: object }>()

/**
 * Event time waits for one and the same while records flow elsewhere: for a partition without records and without idleness, for a
 * slower source of its alignment group; or there are windows, and no watermarks.
 *
 * It is looked at when the watch looks, so it costs nothing per record. Of several places the first is told: the others wait for it.
 *
 * @param places in the order of the stream
 * @param bounded windows may wait for the final watermark
 */
export const eventTimeHeld = (
  places: () => readonly HoldingPlace[],
  bounded: boolean,
  now: () => number,
): StandstillCondition => {
  const self = {}
  const seen = new Map<HoldingPlace, Seen>()
  let found: { readonly place: HoldingPlace; readonly hold: EventTimeHold; readonly since: number } | undefined

  /** Since when it waits; undefined while it moves, or nothing moves. */
  const sinceOf = (place: HoldingPlace, hold: EventTimeHold): number | undefined => {
    const before = seen.get(place)
    const [cause, progress] = factsOf(hold)
    if (before?.cause === cause) return progress > before.progress || progress === Infinity ? before.at : undefined
    seen.set(place, { cause, progress, at: now() })
    return undefined
  }

  return {
    after: PATIENCE,
    learns: true,
    since: () => {
      found = undefined
      for (const place of places()) {
        const hold = place.holding?.()
        if (hold === undefined || (bounded && hold._tag === 'windows')) {
          seen.delete(place)
          continue
        }
        const since = sinceOf(place, hold)
        if (since !== undefined) found ??= { place, hold, since }
      }
      if (found === undefined) return undefined
      const telling = tellings.get(found.place)
      return telling === undefined || telling.by === self || telling.cause !== factsOf(found.hold)[0]
        ? found.since
        : undefined
    },
    message: (ms) => {
      const { place, hold } = found!
      tellings.set(place, { cause: factsOf(hold)[0], by: self })
      return messageOf(hold, duration(ms))
    },
  }
}

/** What is the same as long as it waits for the same; and what grows from one look to the next while records flow elsewhere. */
const factsOf = (hold: EventTimeHold): readonly [cause: string, progress: number] => {
  switch (hold._tag) {
    case 'inputs':
      return [`${hold.inputs[0]} at ${hold.watermark}`, hold.furthest]
    case 'group':
      // A source that is paused has read records that are ahead: they flow by themselves.
      return [`group at ${hold.slowest}`, Infinity]
    case 'windows':
      return ['windows', hold.opened]
  }
}

const messageOf = (hold: EventTimeHold, time: string): string => {
  switch (hold._tag) {
    case 'inputs':
      return (
        `The watermark of ${hold.place} waits for ${listed(hold.inputs)}, ${standing(hold)} for ${time}, while others have come to ` +
        `${dateOf(hold.furthest)}. Windows and unions behind it wait too. If there may be no records for so long, set withIdleness(ms) ` +
        'of the WatermarkStrategy.'
      )
    case 'group':
      return (
        `The source is paused by ${hold.place}: all its partitions are further ahead than the maximum drift of the slowest source of ` +
        `the group, which has stood at ${dateOf(hold.slowest)} for ${time}. If that one may have no records for so long, set ` +
        'withIdleness(ms) of its WatermarkStrategy.'
      )
    case 'windows':
      return (
        `${hold.place} has opened ${hold.opened} windows in ${time} and has had no watermark, without which none fires. Give ` +
        'source.elements({ watermarks }) a WatermarkStrategy, or put assignTimestampsAndWatermarks before it.'
      )
  }
}

const standing = ({
  inputs,
  watermark,
}: {
  readonly inputs: readonly string[]
  readonly watermark: number
}): string => {
  const have = inputs.length === 1 ? 'which has' : 'which have'
  return watermark === -Infinity ? `${have} had none` : `${have} stood at ${dateOf(watermark)}`
}

const dateOf = (timestamp: number): string =>
  Math.abs(timestamp) <= 8.64e15 ? new Date(timestamp).toISOString() : String(timestamp)
