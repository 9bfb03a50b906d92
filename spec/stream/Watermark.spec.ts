import { describe, expect, it } from '@jest/globals'
import { MAX_WATERMARK, MIN_WATERMARK, Watermark } from '../../lib/stream/Watermark.js'

describe('Watermark', () => {
  it.each([[0], [-5], [MIN_WATERMARK], [MAX_WATERMARK]])('should be made of %p', (timestamp) => {
    expect(new Watermark(timestamp).timestamp).toBe(timestamp)
  })

  it.each([[NaN], [undefined], [null], ['5'], [5n], [new Date(0)]])('should not be made of %p', (given) => {
    expect(() => new Watermark(given as number)).toThrow(
      expect.objectContaining({
        _tag: 'InvalidWatermark',
        message: expect.stringMatching(/^A watermark was made of /),
      }),
    )
  })
})
