import { StreamRecord } from '../../lib/stream/StreamRecord.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { WatermarkStatus } from '../../lib/stream/WatermarkStatus.js'
import { showElement } from '../../lib/testing/showElement.js'

export { watermark } from '../../lib/testing/marbleElements.js'
export { Upstream } from '../../lib/testing/Upstream.js'

/** A stream element as a word; what an attempt starts from is `R`, whatever the checkpoint. */
export const show = (element: StreamElement<unknown>): string =>
  element.kind === 'restored' ? 'R' : showElement(element)

export const record = <T>(value: T, timestamp = 0): StreamRecord<T> => new StreamRecord(value, timestamp)
export const idle = new WatermarkStatus(true)
export const active = new WatermarkStatus(false)
