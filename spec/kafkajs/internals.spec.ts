import { describe, expect, it } from '@jest/globals'
import { implementedVersions, protocolCall, refuseOtherVersions } from '../../lib/kafkajs/internals.js'

describe('internals', () => {
  it('should refuse another kafkajs than the one that was read', () => {
    expect(() => refuseOtherVersions('2.2.4')).not.toThrow()
    expect(() => refuseOtherVersions('2.3.0')).toThrow('kafkajs 2.3.0 is installed')
  })

  it('should know the versions of the calls that kafkajs encodes, best first', () => {
    expect(implementedVersions('CreateTopics')).toEqual([3, 2, 1, 0])
    expect(protocolCall('DeleteTopics', 1, { topics: ['t'] }).request).toMatchObject({ apiKey: 20, apiVersion: 1 })
  })
})
