import { expect, it } from '@jest/globals'
import { MergedRestored } from '../../lib/eventtime/MergedRestored.js'
import type { PipelinePart } from '../../lib/stream/PipelinePart.js'
import type { Restored } from '../../lib/stream/Restored.js'

it('should ask once what is emitted, though each of many splits brings it', () => {
  let asked = 0
  const emitting = (): undefined => {
    asked++
    return undefined
  }
  const merged = new MergedRestored({} as PipelinePart)
  const all = Array.from({ length: 100 }, () => merged.add({ kind: 'restored', emitting } as unknown as Restored))
  expect(all.filter((one) => one !== undefined)).toHaveLength(1)
  expect(all[0]?.emitting?.()).toBeUndefined()
  expect(asked).toBe(1)
})
