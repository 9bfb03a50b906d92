import { inspect } from 'node:util'
import type { StreamElement } from '../stream/StreamElement.js'

/**
 * A stream element as a word, so that a picture can be read: `AMS@1`, `W5`, `idle`, `active`, `end` (of a batch), `B7`,
 * `B7 finished`, `R` (restored from nothing), `R7`.
 *
 * @example
 * ```ts
 * showElement(new StreamRecord('AMS', 100)) // 'AMS@100'
 * showElement(new WatermarkStatus(true)) // 'idle'
 * ```
 */
export function showElement(element: StreamElement<unknown>): string {
  switch (element.kind) {
    case 'record':
      return `${showValue(element.value)}@${element.timestamp}`
    case 'watermark':
      return `W${element.timestamp}`
    case 'watermarkStatus':
      return element.idle ? 'idle' : 'active'
    case 'batchEnd':
      return 'end'
    case 'barrier':
      return element.end === undefined ? `B${element.checkpointId}` : `B${element.checkpointId} ${element.end}`
    case 'restored':
      return element.checkpointId === undefined ? 'R' : `R${element.checkpointId}`
  }
}

/** Any value on one line: strings as they are, elements as words, the rest as Node prints it. */
export function showValue(value: unknown): string {
  if (typeof value === 'string') return value
  if (isElement(value)) return showElement(value)
  return inspect(value, { breakLength: Infinity, compact: true, depth: 6, sorted: true })
}

const kinds: Readonly<Record<StreamElement<unknown>['kind'], true>> = {
  record: true,
  watermark: true,
  watermarkStatus: true,
  batchEnd: true,
  barrier: true,
  restored: true,
}

function isElement(value: unknown): value is StreamElement<unknown> {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false
  return typeof value.kind === 'string' && Object.hasOwn(kinds, value.kind)
}
