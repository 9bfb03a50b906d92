import { describe, expect, it } from '@jest/globals'
import { ErrorCodes, errorCode } from '../../lib/protocol/errorCodes.js'

describe('ErrorCodes', () => {
  it('should have each code of Kafka 4.2.0 once, by the name that errorCode tells', () => {
    const codes = Object.entries(ErrorCodes).sort(([, a], [, b]) => a - b)

    expect(codes.map(([, code]) => code)).toEqual(Array.from({ length: 135 }, (_, i) => i - 1))
    expect(codes.filter(([name, code]) => errorCode(code).name !== name)).toEqual([])
  })

  it('should give names their numbers at compile time too', () => {
    const three: 3 = ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION
    expect(three).toBe(3)
    // @ts-expect-error -- no such code
    expect(ErrorCodes.UNKNOWN_TOPIC).toBeUndefined()
  })
})
