import { expect, it } from '@jest/globals'
import { size } from './size.js'

it('should be small, which is all that is asked on purpose', () => {
  expect(size(1)).toBe('small')
})
