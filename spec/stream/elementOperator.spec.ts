import { describe, expect, it } from '@jest/globals'
import { asyncScheduler, Subject, timer } from 'rxjs'
import { batchEnd } from '../../lib/stream/BatchEnd.js'
import { elementOperator, type ElementHandlers } from '../../lib/stream/elementOperator.js'
import { recordOf } from '../../lib/stream/located.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { StreamRecord } from '../../lib/stream/StreamRecord.js'
import { record, runMarbles, Upstream, watermark } from '../../lib/testing/index.js'

const everything = 'Ra-2-I-A-E-B-b-M-F|'

describe('elementOperator', () => {
  it('should pass every kind that it has no handler for', () => {
    runMarbles(({ coldElements, expectElements }) => {
      expectElements(coldElements(everything).pipe(elementOperator(() => ({})))).toBe(everything)
    })
  })

  it.each<readonly [keyof ElementHandlers<string>, string]>([
    ['record', '          R--2-I-A-E-B---M-F|'],
    ['watermark', '       Ra---I-A-E-B-b---F|'],
    ['watermarkStatus', ' Ra-2-----E-B-b-M-F|'],
    ['batchEnd', '        Ra-2-I-A---B-b-M-F|'],
    ['restored', '        -a-2-I-A-E-B-b-M-F|'],
  ])('should give a %s to its handler alone, which decides what leaves', (kind, expected) => {
    runMarbles(({ coldElements, expectElements }) => {
      expectElements(coldElements(everything).pipe(elementOperator(() => ({ [kind]: () => undefined })))).toBe(expected)
    })
  })

  it('should let a barrier take state along before it leaves', () => {
    runMarbles(({ coldElements, expectElements, upstream }) => {
      const last = elementOperator<string>((destination) => {
        let seen = 'nothing'
        return {
          record: (one) => {
            seen = one.value
            destination.next(one)
          },
          barrier: (barrier) => {
            barrier.snapshot('last', seen)
            destination.next(barrier)
          },
        }
      })
      expectElements(coldElements('Ra-B-b|').pipe(last)).toBe('Ra-B-b|')
      timer(100).subscribe(() => expect(upstream.calls).toEqual(['snapshot B1 last', 'ack B1']))
    })
  })

  it('should have a state of its own for each subscription', () => {
    runMarbles(({ coldElements, expectElements }) => {
      const counted = coldElements('Ra-b|').pipe(
        elementOperator<string, number>((destination) => {
          let count = 0
          return { record: ({ timestamp }) => destination.next(new StreamRecord(++count, timestamp)) }
        }),
      )
      for (let n = 0; n < 2; n++) expectElements(counted).toBe('Rx-y|', { x: record(1, 1), y: record(2, 2) })
    })
  })

  it('should complete when its handler completes, and with the source without one', () => {
    runMarbles(({ coldElements, expectElements }) => {
      const late = elementOperator<string>((destination) => ({
        complete: () => {
          destination.next(watermark(9))
          destination.complete()
        },
      }))
      expectElements(coldElements('Ra|').pipe(late)).toBe('Ra(9|)')
      expectElements(coldElements('Ra#').pipe(late)).toBe('Ra#')
    })
  })

  it('should tear down what it made with the subscription', () => {
    const stopped: string[] = []
    const source = new Subject<StreamElement<string>>()
    const subscription = source
      .pipe(
        elementOperator((destination) => {
          destination.add(() => stopped.push('stopped'))
          return {}
        }),
      )
      .subscribe()
    expect([stopped.length, source.observed]).toEqual([0, true])
    subscription.unsubscribe()
    expect([stopped, source.observed]).toEqual([['stopped'], false])
  })

  it('should make an error of what a handler throws, which names the record that came in', () => {
    const position = { topic: 'flights', partition: 1, offset: 7 }
    const errors: unknown[] = []
    const source = new Subject<StreamElement<string>>()
    source
      .pipe(
        elementOperator(() => ({
          record: () => {
            throw new Error('no flight')
          },
        })),
      )
      .subscribe({ error: (error) => errors.push(error) })
    source.next({ ...new Upstream().restored(), emitting: () => position })
    source.next(record('a', 1))
    expect(errors).toMatchObject([{ message: expect.stringContaining('no flight') }])
    expect(recordOf(errors[0])).toMatchObject(position)
    expect(source.observed).toBe(false)
  })

  it('should say by its own `emitting` which record it is at work on', () => {
    const errors: unknown[] = []
    const source = new Subject<StreamElement<string>>()
    const fails = elementOperator<string>(() => ({
      emitting: () => ({ topic: 'mine', partition: 0, offset: 3 }),
      watermark: () => {
        throw new Error('no time')
      },
    }))
    source.pipe(fails).subscribe({ error: (error) => errors.push(error) })
    source.next(watermark(1))
    expect(recordOf(errors[0])).toMatchObject({ topic: 'mine', offset: 3 })
  })

  it('should pause by an acknowledgement that comes later, while elements pass', () => {
    runMarbles(({ coldElements, expectElements, upstream }) => {
      const pausing = elementOperator<string>((destination) => ({
        batchEnd: (end) => {
          const later = (): void => {
            destination.add(asyncScheduler.schedule(() => end.acknowledge(), 3))
          }
          destination.next(batchEnd(later))
        },
      }))
      expectElements(coldElements('RaE-b-B|').pipe(pausing)).toBe('RaE-b-B|')
      timer(4).subscribe(() => expect(upstream.calls).toEqual([]))
      timer(8).subscribe(() => expect(upstream.calls).toEqual(['ack end', 'ack B1']))
    })
  })
})
