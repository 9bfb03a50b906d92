import { inspect } from 'node:util'
import { describe, expect, it } from '@jest/globals'
import { KafkaError } from '../../lib/client/KafkaError.js'

describe('KafkaError', () => {
  it('should print the facts that it has, and no others, on each level of its causes', () => {
    const cause = new KafkaError({ _tag: 'Connection', retriable: true, message: 'The broker is gone.' })
    const error = new KafkaError({ _tag: 'Broker', message: 'No answer.', topic: 'flights', partition: 0, cause })
    const printed = inspect(error)
    expect(printed).not.toContain('undefined')
    expect(Object.keys(cause)).toEqual(['name', '_tag', 'retriable', 'fatal'])
    expect(Object.keys(error)).toEqual(['name', '_tag', 'retriable', 'fatal', 'topic', 'partition'])
    expect(error).toMatchObject({ partition: 0 })
    expect(error.code).toBeUndefined()
  })
})
