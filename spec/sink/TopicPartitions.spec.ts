import { describe, expect, it } from '@jest/globals'
import { of, VirtualTimeScheduler } from 'rxjs'
import { TopicPartitions } from '../../lib/sink/serializer/TopicPartitions.js'

const MAX_AGE = 300_000
const HOUR = 3_600_000

/** How often the cluster is asked for the partitions of a topic, by what happens to a clock. */
const asked = (play: (ask: () => void, wait: (ms: number) => void, set: (ms: number) => void) => void): number => {
  const scheduler = new VirtualTimeScheduler()
  let [time, times] = [HOUR * 24, 0]
  scheduler.now = () => time
  const producer = {
    partitionsFor: () => {
      times++
      return of([0, 1])
    },
  }
  const topics = new TopicPartitions(0, 1, producer, MAX_AGE, scheduler)
  topics.fetch('t').subscribe()
  const ask = () => expect(topics.partitionsForTopic('t')).toEqual([0, 1])
  const move = (ms: number) => (time += ms)
  play(ask, move, (ms) => {
    move(ms)
    ask()
  })
  return times
}

describe('TopicPartitions', () => {
  it('should ask again for the partitions of a topic when what it knows is older than metadata.max.age.ms', () => {
    expect(
      asked((ask, wait) => {
        wait(MAX_AGE)
        ask()
      }),
    ).toBe(1)
    expect(
      asked((ask, wait) => {
        wait(MAX_AGE + 1)
        ask()
        ask()
      }),
    ).toBe(2)
  })

  it('should ask as soon when the clock is set back by an hour', () => {
    expect(
      asked((ask, wait, set) => {
        set(-HOUR)
        wait(MAX_AGE + 1)
        ask()
      }),
    ).toBe(2)
  })
})
