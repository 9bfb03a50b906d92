import { describe, expect, it } from '@jest/globals'
import { refuseOtherVersions } from '../../lib/kafkajs/internals.js'

describe('internals', () => {
  it('should refuse another kafkajs than the one that was read', () => {
    expect(() => refuseOtherVersions('2.2.4')).not.toThrow()
    expect(() => refuseOtherVersions('2.3.0')).toThrow('kafkajs 2.3.0 is installed')
  })
})
