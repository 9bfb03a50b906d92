import { createRequire } from 'node:module'
import { describe, expect, it } from '@jest/globals'
import { KafkaError } from '../../lib/client/KafkaError.js'
import { toKafkaError } from '../../lib/kafkajs/toKafkaError.js'

const load = createRequire(`${process.cwd()}/package.json`)
type Make = new (message: string | Error, facts?: object) => Error
const errors = load('kafkajs/src/errors.js') as Record<'KafkaJSConnectionError' | 'KafkaJSConnectionClosedError', Make>

const facts = { api: 'Fetch', broker: 'h:9092' }

describe('toKafkaError', () => {
  it('should let our own errors pass', () => {
    const error = new KafkaError({ _tag: 'Fenced', message: 'x' })

    expect(toKafkaError(error)).toBe(error)
  })

  it.each([
    {
      error: new errors.KafkaJSConnectionError('Connection error: connect ECONNREFUSED', { code: 'ECONNREFUSED' }),
      tag: 'Connection',
      retriable: true,
    },
    { error: new errors.KafkaJSConnectionClosedError('Closed connection'), tag: 'Connection', retriable: true },
    {
      error: new errors.KafkaJSConnectionError('self-signed certificate', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
      tag: 'Authentication',
      retriable: false,
    },
    { error: new Error('anything else'), tag: 'Connection', retriable: true },
    { error: 'not even an error', tag: 'Connection', retriable: true },
  ])('should sort error $# as $tag', ({ error, tag, retriable }) => {
    expect(toKafkaError(error, facts)).toMatchObject({ _tag: tag, retriable, api: 'Fetch', cause: error })
  })

  it('should name the broker and the API', () => {
    expect(toKafkaError(new Error('ECONNRESET'), facts).message).toContain('Fetch to broker h:9092 failed: ECONNRESET')
  })
})
