import { inspect } from 'node:util'
import { describe, expect, it, jest } from '@jest/globals'
import * as rxKafka from '../../lib/index.js'
import * as testing from '../../lib/testing/index.js'

/** The same modules, loaded a second time: what a program has that imports the package and requires it too. */
let second: typeof rxKafka & typeof testing
jest.isolateModules(() => {
  second = {
    ...jest.requireActual<typeof rxKafka>('../../lib/index.js'),
    ...jest.requireActual<typeof testing>('../../lib/testing/index.js'),
  }
})

type ErrorClass = new (...args: never[]) => Error

const isErrorClass = (entry: readonly [string, unknown]): entry is readonly [string, ErrorClass] =>
  typeof entry[1] === 'function' && entry[1].prototype instanceof Error

/** Whatever the package exports that is an error. */
const errorClassesOf = (copy: object): readonly (readonly [string, ErrorClass])[] =>
  Object.entries(copy)
    .filter((entry) => isErrorClass(entry))
    .sort(([a], [b]) => a.localeCompare(b))

const errorClasses = errorClassesOf({ ...rxKafka, ...testing })

/** One of that class; what its constructor wants does not matter here. */
const oneOf = ({ prototype }: ErrorClass): unknown => Object.create(prototype as object)

describe('errors of two copies of the package', () => {
  it('should be of every exported error class, in both directions', () => {
    expect(errorClasses.map(([name]) => name)).toEqual([
      'CheckpointError',
      'CrashMismatch',
      'InvalidConfigError',
      'KafkaError',
      'MarbleMismatch',
      'SourceError',
      'StreamError',
    ])
    for (const [index, [name, other]] of errorClassesOf(second).entries()) {
      const [, errorClass] = errorClasses[index]!
      expect(other).not.toBe(errorClass)
      expect([name, oneOf(other) instanceof errorClass, oneOf(errorClass) instanceof other]).toEqual([name, true, true])
    }
  })

  it('should be told apart', () => {
    for (const [name, errorClass] of errorClasses) {
      expect(errorClasses.filter(([, other]) => oneOf(other) instanceof errorClass).map(([other]) => other)).toEqual([
        name,
      ])
      for (const value of [undefined, null, 'KafkaError', 1, {}, { name }, new Error(name), () => 0])
        expect(value instanceof errorClass).toBe(false)
    }
  })

  it('should be recognised by the guards, and tell their facts', () => {
    const error: unknown = new second.KafkaError({
      _tag: 'Broker',
      message: 'not now',
      code: 14,
      retriable: true,
    })
    expect(rxKafka.isKafkaError(error) && error.retriable && error.code).toBe(14)
    expect(rxKafka.isKafkaError(new second.StreamError('LateBarrier', 'too late'))).toBe(false)
  })

  it('should leave classes of users that derive from them to JavaScript', () => {
    class Mine extends rxKafka.KafkaError {}
    const facts = { _tag: 'Config', message: '' } as const
    expect(new rxKafka.KafkaError(facts)).not.toBeInstanceOf(Mine)
    expect(new Mine(facts)).toBeInstanceOf(Mine)
    expect(new Mine(facts)).toBeInstanceOf(second.KafkaError)
  })

  it('should show nothing of it when printed', () => {
    const text = inspect(new rxKafka.StreamError('LateBarrier', 'too late'))
    expect(text).not.toMatch(/Symbol|rx-kafka\//)
  })
})
