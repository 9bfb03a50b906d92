import { described } from '../checks/described.js'
import { StreamError } from '../stream/StreamError.js'

/**
 * What an assigner, or an operator of a user's own, gives as a timestamp, as an event time: ms without their parts, `-Infinity` for none.
 * Asked for each record.
 *
 * `NaN`, which a date becomes that does not parse, would go into watermarks, timers and checkpoints: nothing there compares with it.
 * Beyond 2^53 ms a watermark, which is 1 ms less than a timestamp, would be that timestamp: those are µs or ns.
 *
 * @throws StreamError `InvalidTimestamp`
 */
export const eventTimeOf = (given: number): number => {
  if (typeof given === 'number') {
    if (given >= -Number.MAX_SAFE_INTEGER && given <= Number.MAX_SAFE_INTEGER) return Math.floor(given)
    if (given === -Infinity) return given
  }
  throw invalidTimestamp(given)
}

/**
 * What a generator gives as a watermark.
 *
 * `Infinity` is the end of event time, and the source's to say: operators end when they hear of it, and drop what comes after.
 *
 * @throws StreamError `InvalidWatermark`
 */
export const watermarkOf = (given: number): number => {
  if (typeof given === 'number' && given < Infinity) return given
  throw new StreamError(
    'InvalidWatermark',
    `A watermark generator emitted ${described(given)}, which is no watermark: ms since the epoch as a number. ` +
      (given === Infinity
        ? 'Infinity is the end of event time, which the source tells by itself; Math.min() of nothing is Infinity too.'
        : 'Most likely it was computed from an event without a time.'),
  )
}

const invalidTimestamp = (given: unknown): StreamError =>
  new StreamError(
    'InvalidTimestamp',
    `${described(given)} is no event time: ms since the epoch as a number, within 2^53. ` +
      (typeof given === 'number' && Number.isFinite(given)
        ? 'So many ms are µs or ns, most likely: give ms, by WatermarkStrategy.withTimestampAssigner.'
        : 'Most likely a date of the record did not parse, or a field is missing. Let the timestamp assigner give such a record another ' +
          'time, as its second argument, which is the Kafka timestamp; or filter it out before.'),
  )
