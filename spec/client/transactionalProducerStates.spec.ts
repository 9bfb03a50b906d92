import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  nextProducerState,
  type ProducerEvent,
  type ProducerState,
  producerTransitions,
} from '../../lib/client/transactionalProducerStates.js'

const states = Object.keys(producerTransitions) as ProducerState[]
const calls: readonly ProducerEvent[] = ['init', 'begin', 'append', 'commit', 'abort', 'close']

const run = (...events: readonly ProducerEvent[]): ProducerState =>
  events.reduce<ProducerState>((state, event) => nextProducerState(state, event, 'tx'), 'uninitialised')

describe('transactionalProducerStates', () => {
  it('should go through a transaction after the other', () => {
    expect(run('init', 'initialised', 'begin', 'append', 'commit', 'ended', 'begin', 'abort', 'ended')).toBe('ready')
  })

  it('should let a commit that was not answered in time be called again, and nothing else', () => {
    const events = ['init', 'initialised', 'begin', 'commit', 'postponed'] as const
    expect(run(...events, 'commit', 'ended')).toBe('ready')
    expect(() => run(...events, 'abort')).toThrow(/abort\(\) was called .* in state commitAgain.*Legal here: commit/)
  })

  it('should let a transaction be aborted whose records could not be written', () => {
    expect(run('init', 'initialised', 'begin', 'append', 'commit', 'notFlushed', 'abort', 'ended')).toBe('ready')
  })

  it('should let init be called again after it failed', () => {
    expect(run('init', 'initFailed', 'init', 'initialised')).toBe('ready')
  })

  it('should name the state that an illegal call met, and what is legal there', () => {
    expect(() => run('begin')).toThrow(/begin\(\) .* "tx" in state uninitialised\. Legal here: init\./)
    expect(() => run('init', 'initialised', 'begin', 'commit', 'append')).toThrow(
      /state committing\. Wait for the call/,
    )
    expect(() => run('close', 'append')).toThrow(/state closed\. Make a new producer/)
  })

  it('should let nothing but close leave lost and closed', () => {
    fc.assert(
      fc.property(fc.constantFrom<ProducerState>('lost', 'closed'), fc.constantFrom(...calls), (state, call) => {
        if (call === 'close') expect(nextProducerState(state, call, 'tx')).toBe('closed')
        else expect(() => nextProducerState(state, call, 'tx')).toThrow(/IllegalState|state (lost|closed)/)
      }),
    )
  })

  it('should stay closed when the broker answers later', () => {
    expect(run('init', 'close', 'initialised')).toBe('closed')
  })

  it('should reach every state', () => {
    const reached = new Set<ProducerState>(['uninitialised'])
    for (const state of reached) Object.values(producerTransitions[state]).forEach((next) => reached.add(next))
    expect(states.filter((state) => !reached.has(state))).toEqual(['lost', 'closed'])
  })
})
