import { describe, expect, it } from '@jest/globals'
import { encodeRequestHeader } from '../../lib/protocol/encodeRequestHeader.js'

describe('encodeRequestHeader', () => {
  it('should write size, api, correlation and client id', () => {
    const header = encodeRequestHeader({ apiKey: 1, apiVersion: 11 }, 7, Buffer.from('me'), 100)

    expect(header.toString('hex')).toBe(
      [
        '00000070', // 112 bytes follow
        '0001',
        '000b',
        '00000007',
        '0002' + '6d65',
      ].join(''),
    )
  })
})
