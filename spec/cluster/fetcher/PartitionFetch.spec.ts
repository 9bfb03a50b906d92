import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { type FetchEvent, type FetchState, nextFetchState } from '../../../lib/cluster/fetcher/PartitionFetch.js'

const run = (...events: FetchEvent[]): FetchState => events.reduce<FetchState>(nextFetchState, 'idle')

describe('nextFetchState', () => {
  it('should lead from a request to its answer', () => {
    expect(run('request')).toBe('wanted')
    expect(run('request', 'send')).toBe('inFlight')
    expect(run('request', 'send', 'data')).toBe('idle')
    expect(run('request', 'send', 'failure')).toBe('idle')
    expect(run('request', 'failure')).toBe('idle')
  })

  it('should ask again after an empty answer and after a back-off', () => {
    expect(run('request', 'send', 'nothing')).toBe('wanted')
    expect(run('request', 'send', 'trouble')).toBe('backingOff')
    expect(run('request', 'send', 'trouble', 'retry')).toBe('wanted')
    expect(run('request', 'trouble')).toBe('backingOff')
  })

  it('should name the state in which an event cannot happen', () => {
    expect(() => run('send')).toThrow('A partition that is idle cannot meet "send"')
    expect(() => run('request', 'send', 'retry')).toThrow('inFlight cannot meet "retry"')
  })

  it('should take one request for one answer, however often it is repeated', () => {
    const wayToAnswer = fc.array(fc.constantFrom<FetchEvent[]>(['send', 'nothing'], ['send', 'trouble', 'retry']))
    fc.assert(
      fc.property(wayToAnswer, fc.infiniteStream(fc.boolean()), (way, repeats) => {
        const events: FetchEvent[] = ['request', ...way.flat(), 'send', 'data']
        const repeated = events.flatMap((event) =>
          repeats.next().value === true && event !== 'request' ? (['request', event] as const) : [event],
        )
        expect(run(...repeated)).toBe('idle')
      }),
    )
  })
})
