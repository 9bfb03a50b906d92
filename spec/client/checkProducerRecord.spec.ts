import { describe, expect, it } from '@jest/globals'
import { checkProducerRecord, checkTopicName } from '../../lib/client/checkProducerRecord.js'
import type { KafkaError } from '../../lib/client/KafkaError.js'

const checked = (change: object): unknown => {
  try {
    checkProducerRecord({ topic: 'orders', value: 'v', ...change })
    return undefined
  } catch (error) {
    return error
  }
}

const nameChecked = (topic: unknown): unknown => {
  try {
    checkTopicName(topic)
    return undefined
  } catch (error) {
    return error
  }
}

/** What it says, after who it is about. */
const messageOf = (error: unknown): string => (error as KafkaError).message

describe('checkProducerRecord', () => {
  it.each([
    { value: null },
    { value: '' },
    { value: Buffer.from('b') },
    { value: new Uint8Array(2), key: new Uint8ClampedArray(1) },
    { value: new Int8Array([-1]) },
    { partition: 0 },
    { partition: 2 ** 31 - 1 },
    { partition: undefined, key: undefined, timestamp: undefined, headers: undefined },
    { timestamp: 0 },
    { timestamp: 1.5 },
    { timestamp: null },
    { timestamp: Number.MAX_SAFE_INTEGER },
    { headers: [] },
    {
      headers: [
        { key: '', value: null },
        { key: 'h', value: Buffer.from('v') },
      ],
    },
  ])('should take %p', (change) => {
    expect(checked(change)).toBeUndefined()
  })

  it.each<readonly [object, RegExp]>([
    [{ topic: null }, /^A record cannot be written: Topic cannot be null\. It is null\. .*topic selector/],
    [{ topic: undefined }, /^A record cannot be written: Topic cannot be null\. It is undefined\./],
    [{ topic: 5 }, /the topic is a number, and no text/],
    [{ topic: Promise.resolve('t') }, /the topic is a Promise/],
    [
      { partition: -1 },
      /^A record for orders .* Invalid partition: -1\. Partition number should always be non-negative or/,
    ],
    [{ partition: NaN }, /Invalid partition: NaN\./],
    [{ partition: 0.5 }, /Invalid partition: 0\.5\./],
    [{ partition: '0' }, /Invalid partition: "0"\./],
    [{ partition: null }, /Invalid partition: null\./],
    [{ partition: 2 ** 31 }, /Invalid partition: 2147483648\./],
    [{ partition: 1n }, /Invalid partition: 1n\./],
    [{ value: undefined }, /its value is undefined\. A value is bytes/],
    [{ value: 5 }, /its value is a number\./],
    [{ value: { a: 1 } }, /its value is an object\./],
    [{ value: new ArrayBuffer(2) }, /its value is an ArrayBuffer\./],
    [{ value: new DataView(new ArrayBuffer(2)) }, /its value is a DataView\./],
    [{ value: new Uint16Array(2) }, /its value is a Uint16Array\./],
    [{ value: [1, 2] }, /its value is an Array\./],
    [{ key: 5 }, /its key is a number\. A key is bytes/],
    [{ key: new Date(0) }, /its key is a Date\./],
    [{ timestamp: NaN }, /Invalid timestamp: NaN\. Timestamp should always be non-negative or null/],
    [{ timestamp: -1 }, /Invalid timestamp: -1\./],
    [{ timestamp: Infinity }, /Invalid timestamp: Infinity\./],
    [{ timestamp: '1700000000000' }, /Invalid timestamp: "1700000000000"\./],
    [{ timestamp: new Date(0) }, /Invalid timestamp: a Date\./],
    [{ timestamp: 5n }, /Invalid timestamp: 5n\./],
    [{ timestamp: 2 ** 53 }, /Invalid timestamp: 9007199254740992\./],
    [{ headers: null }, /its headers are null\. Headers are an array/],
    [{ headers: { h: 'v' } }, /its headers are an object\./],
    [{ headers: [null] }, /the key of a header is undefined\./],
    [{ headers: [{ key: 5, value: null }] }, /the key of a header is a number\./],
    [{ headers: [{ key: 'h' }] }, /the value of the header "h" is undefined\./],
    [{ headers: [{ key: 'h', value: 'v' }] }, /the value of the header "h" is a string\..*Buffer\.from/],
  ])('should refuse %p, and say why', (change, message) => {
    const error = checked(change)
    expect(error).toMatchObject({ name: 'KafkaError', _tag: 'InvalidRecord', retriable: false, fatal: false })
    expect(messageOf(error)).toMatch(message)
  })

  it('should tell topic and partition as facts, where they are', () => {
    const facts = (change: object) => {
      const { topic, partition } = checked(change) as KafkaError
      return [topic, partition]
    }
    expect(facts({ value: 5 })).toEqual(['orders', undefined])
    expect(facts({ partition: -1 })).toEqual(['orders', -1])
    expect(facts({ topic: 5 })).toEqual([undefined, undefined])
  })

  it('should not tell what is in a record', () => {
    expect(messageOf(checked({ value: { password: 'secret' } }))).not.toContain('secret')
    expect(messageOf(checked({ headers: [{ key: 'h', value: 'secret' }] }))).not.toContain('secret')
  })
})

describe('checkTopicName', () => {
  it.each(['a', '...', 'A_b-c.9', 'x'.repeat(249)])('should take %p', (name) => {
    expect(nameChecked(name)).toBeUndefined()
  })

  it.each([
    ['', /Topic name is invalid: the empty string is not allowed\./],
    ['.', /Topic name is invalid: '\.' is not allowed\./],
    ['..', /Topic name is invalid: '\.\.' is not allowed\./],
    ['x'.repeat(250), /Topic name is invalid: the length of "x+…" is longer than the max allowed length 249\./],
    ['a b', /Topic name is invalid: "a b" contains one or more characters other than ASCII alphanumerics/],
    ['flüge', /Topic name is invalid: "flüge" contains/],
    ['a\n', /Topic name is invalid: "a\\n" contains/],
  ])('should refuse %p in the words of Kafka', (name, message) => {
    expect(nameChecked(name)).toMatchObject({
      _tag: 'InvalidRecord',
      topic: name,
      message: expect.stringMatching(message),
    })
  })
})
