import type { StreamElement } from '../stream/StreamElement.js'
import { StreamRecord } from '../stream/StreamRecord.js'
import { MAX_WATERMARK, Watermark } from '../stream/Watermark.js'
import { WatermarkStatus } from '../stream/WatermarkStatus.js'
import type { Upstream } from './Upstream.js'

/** What letters of a picture stand for, where it is not what they stand for by themselves. */
export type ElementTable<T> = Readonly<Record<string, StreamElement<T>>>

/**
 * A record for a table: `{ a: record('AMS', 100) }`. `timestamp` in ms.
 *
 * @example
 * ```ts
 * runMarbles(({ coldElements, expectElements }) => {
 *   const delays$ = coldElements<number>('a|', { a: record(30, 1_000) })
 *   expectElements(delays$.pipe(onRecords(map((minutes) => minutes * 60)))).toBe('s|', { s: record(1_800, 1_000) })
 * })
 * showElement(record(30, 1_000)) // '30@1000'
 * ```
 */
export const record = <T>(value: T, timestamp: number): StreamRecord<T> => new StreamRecord(value, timestamp)

/**
 * A watermark for a table: `{ w: watermark(99) }`. `timestamp` in ms.
 *
 * @example
 * ```ts
 * runMarbles(({ coldElements, expectElements }) => {
 *   expectElements(coldElements('w|', { w: watermark(99) })).toBe('v|', { v: watermark(99) })
 * })
 * showElement(watermark(99)) // 'W99'
 * ```
 */
export const watermark = (timestamp: number): Watermark => new Watermark(timestamp)

const ends = { B: undefined, F: 'finished', D: 'drain', S: 'suspend' } as const

/**
 * Makes the elements of one picture, letter by letter, in its order. What a letter stands for by itself:
 *
 * | letter | element |
 * |---|---|
 * | `a` … `z` | a record with the letter as its value, at event time 1 … 26 |
 * | `0` … `9` | a watermark at that time |
 * | `M` | the final watermark |
 * | `I`, `A` | idle, active |
 * | `R` | restored, from nothing |
 * | `E` | the end of a batch |
 * | `B` | a barrier; those of a picture are of checkpoints 1, 2, … |
 * | `F`, `D`, `S` | a barrier that ends the stream: finished, drain, suspend; counted with `B` |
 *
 * A letter that can be asked for something is another element at each place: a batch end is acknowledged once.
 */
export function marbleElements<T>(table: ElementTable<T>, upstream: Upstream): (letter: string) => StreamElement<T> {
  let checkpoints = 0
  return (letter) => {
    const own = table[letter]
    if (own !== undefined) return own
    if (/^[a-z]$/.test(letter)) return record(letter as T, letter.charCodeAt(0) - 'a'.charCodeAt(0) + 1)
    if (/^\d$/.test(letter)) return watermark(Number(letter))
    switch (letter) {
      case 'M':
        return watermark(MAX_WATERMARK)
      case 'I':
      case 'A':
        return new WatermarkStatus(letter === 'I')
      case 'R':
        return upstream.restored()
      case 'E':
        return upstream.end()
      case 'B':
      case 'F':
      case 'D':
      case 'S':
        return upstream.barrier(++checkpoints, ends[letter])
    }
    throw new Error(
      `The picture has "${letter}", which stands for nothing: give it an element in the table. By themselves stand a-z for ` +
        'records, 0-9 and M for watermarks, I and A for idle and active, R for restored, E for the end of a batch, B, F, D and ' +
        'S for barriers.',
    )
  }
}

/** What two elements have in common when a picture takes them for the same: all but what they can be asked for. */
export function comparable(element: StreamElement<unknown>): unknown {
  switch (element.kind) {
    case 'record':
      return { kind: 'record', value: element.value, timestamp: element.timestamp }
    case 'watermark':
      return { kind: 'watermark', timestamp: element.timestamp }
    case 'watermarkStatus':
      return { kind: 'watermarkStatus', idle: element.idle }
    case 'batchEnd':
      return { kind: 'batchEnd' }
    case 'barrier':
      return { kind: 'barrier', checkpointId: element.checkpointId, end: element.end }
    case 'restored':
      return { kind: 'restored', checkpointId: element.checkpointId }
  }
}
