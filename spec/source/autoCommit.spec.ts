import { describe, expect, it } from '@jest/globals'
import type { BatchEnd } from '../../lib/stream/BatchEnd.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'
import { onKafka } from './support/onKafka.js'
import { builderOf, valuesFor } from './support/sourceOf.js'

const committing = () =>
  builderOf()
    .setProperty('enable.auto.commit', true)
    .setProperty('auto.commit.interval.ms', 10)
    .setProperty('max.poll.records', 1)

describe('KafkaSource without checkpoints', () => {
  it('should commit nothing by default', () => {
    onKafka({ t: 1 }, (kafka, scheduler) => {
      kafka.produce('t', valuesFor(0, 'a'))
      builderOf()
        .setBounded(OffsetsInitializer.latest())
        .build()
        .records({ connect: kafka.connect, scheduler })
        .subscribe()
      scheduler.flush()
      expect(kafka.committedOffsets('g').size).toBe(0)
    })
  })

  it('should commit up to the oldest batch that is not acknowledged, when it is told to', () => {
    onKafka({ t: 1 }, (kafka, scheduler) => {
      kafka.produce('t', valuesFor(0, 'a', 'b', 'c', 'd'))
      const ends: BatchEnd[] = []
      const running = committing()
        .build()
        .elements({ connect: kafka.connect, scheduler })
        .subscribe((element) => {
          if (element.kind === 'batchEnd') ends.push(element)
        })
      const committed: unknown[] = []
      const look = (ms: number, act: () => void): unknown =>
        scheduler.schedule(() => {
          committed.push(kafka.committedOffsets('g').get('t-0'))
          act()
        }, ms)
      look(15, () => ends[1]?.acknowledge())
      look(25, () => ends[0]?.acknowledge())
      look(35, () => running.unsubscribe())
      scheduler.flush()
      expect(committed).toEqual([0, 0, 2])
    })
  })

  it('should commit the tail before it completes', () => {
    onKafka({ t: 1 }, (kafka, scheduler) => {
      kafka.produce('t', valuesFor(0, 'a', 'b'))
      let committed: unknown
      committing()
        .setBounded(OffsetsInitializer.latest())
        .build()
        .elements({ connect: kafka.connect, scheduler })
        .subscribe({
          next: (element) => {
            if (element.kind === 'batchEnd') scheduler.schedule(() => element.acknowledge(), 3)
          },
          complete: () => (committed = kafka.committedOffsets('g').get('t-0')),
        })
      scheduler.flush()
      expect(committed).toBe(2)
    })
  })
})
