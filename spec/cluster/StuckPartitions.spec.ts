import { describe, expect, it } from '@jest/globals'
import { StuckPartitions } from '../../lib/cluster/StuckPartitions.js'

const stuck = (what: 'read' | 'written' = 'read') => {
  const clock = { ms: 0 }
  const said: string[] = []
  const partitions = new StuckPartitions(what, { warn: (line) => void said.push(line) }, () => clock.ms)
  return { clock, said, partitions }
}

const hundred = Array.from({ length: 100 }, (_, n) => `t-${n}`)
const broker = 'broker 1 (b:9092)'

describe('StuckPartitions', () => {
  it('should say one line for all of a broker, again with growing pauses, and one when it is over', () => {
    const { clock, said, partitions } = stuck()
    for (clock.ms = 0; clock.ms <= 60_000; clock.ms += 500)
      hundred.forEach((partition) => partitions.add(partition, broker, 'the broker answered KAFKA_STORAGE_ERROR (56)'))
    expect(said.map((line) => /for (\d+ s)/.exec(line)?.[1])).toEqual(['5 s', '10 s', '20 s', '40 s'])
    expect(said[0]).toBe(
      '100 partitions (t-0, t-1, t-2 and 97 more) cannot be read from broker 1 (b:9092) for 5 s, and are tried again: the broker answered ' +
        'KAFKA_STORAGE_ERROR (56)',
    )
    hundred.forEach((partition) => partitions.remove(partition))
    expect(said.slice(4)).toEqual(['Partitions of broker 1 (b:9092) can be read again, after 61 s.'])
  })

  it('should say nothing of a leader that moves', () => {
    const { clock, said, partitions } = stuck()
    for (; clock.ms < 4500; clock.ms += 100) partitions.add('t-0', broker, 'NOT_LEADER_OR_FOLLOWER')
    partitions.remove('t-0')
    expect(said).toEqual([])
  })

  it('should tell those without a leader by themselves, and one alone by its name', () => {
    const { clock, said, partitions } = stuck('written')
    partitions.add('t-7', undefined, 'it has no leader')
    clock.ms = 5000
    partitions.add('t-7', undefined, 'it has no leader')
    partitions.remove('t-7')
    expect(said).toEqual([
      'Partition t-7 cannot be written for 5 s, and is tried again: it has no leader',
      'Partitions that had no leader can be written again, after 5 s.',
    ])
  })

  it('should not call it over when a partition is stuck at another broker', () => {
    const { clock, said, partitions } = stuck()
    partitions.add('t-0', broker, 'x')
    clock.ms = 5000
    partitions.add('t-0', broker, 'x')
    partitions.add('t-0', 'broker 2 (c:9092)', 'y')
    expect(said).toHaveLength(1)
  })

  it('should not speak of what is not wanted any more', () => {
    const { clock, said, partitions } = stuck()
    partitions.add('t-0', broker, 'x')
    partitions.add('t-1', broker, 'x')
    partitions.forget('t-0')
    clock.ms = 5000
    partitions.add('t-1', broker, 'x')
    expect(said).toEqual([expect.stringMatching(/^Partition t-1 cannot be read from broker 1/)])
  })
})
