import { describe, expect, it } from '@jest/globals'
import { TopicPartition } from '../../lib/client/TopicPartition.js'
import { AssignedSplits } from '../../lib/source/reader/AssignedSplits.js'
import type { SplitReader } from '../../lib/source/reader/SplitReader.js'

/** A split that has so many records; notes how often it is asked. */
class Split {
  asked = 0
  readonly state: { readonly key: string }

  constructor(
    partition: number,
    public records: number,
    private readonly batches: string[],
  ) {
    this.state = { key: `t-${partition}` }
  }

  get readable(): boolean {
    this.asked += 1
    return this.records > 0
  }

  rest(): void {
    // Nothing of it is in flight here.
  }

  readBatch(max: number, interrupt: () => boolean): number {
    let read = 0
    while (read < Math.min(max, this.records)) {
      read += 1
      if (interrupt()) break
    }
    this.records -= read
    this.batches.push(`${this.state.key.slice(2)}:${read}`)
    return read
  }
}

const assigned = (maxPollRecords: number, ...records: readonly number[]) => {
  const batches: string[] = []
  const splits = records.map((count, partition) => new Split(partition, count, batches))
  const all = new AssignedSplits<unknown>(maxPollRecords)
  for (const split of splits) all.add(reader(split))
  const round = (interrupt = () => false): string => {
    batches.length = 0
    const any = all.readRound(interrupt)
    expect(any).toBe(batches.length > 0)
    return batches.join(' ')
  }
  return { all, splits, round }
}

const reader = (split: Split): SplitReader<unknown> => split as unknown as SplitReader<unknown>

describe('a round of batches', () => {
  it('should be shared out among the splits, and not become smaller batches than a quarter of it', () => {
    const counts = [1, 2, 3, 4, 5, 1000]
    const sizes = counts.map((count) => assigned(500, ...Array.from({ length: count }, () => 1000)).round())
    expect(sizes).toEqual([
      '0:500',
      '0:250 1:250',
      '0:166 1:166 2:166',
      '0:125 1:125 2:125 3:125',
      '0:125 1:125 2:125 3:125',
      '0:125 1:125 2:125 3:125',
    ])
  })

  it('should have a record in each batch at least', () => {
    expect(assigned(2, 9, 9, 9).round()).toBe('0:1 1:1')
    expect(assigned(1, 9, 9).round()).toBe('0:1')
  })

  it('should go on with the split behind the last one, so that each has its turn', () => {
    const { round } = assigned(4, 3, 3, 3, 3, 3, 3)
    expect([round(), round(), round()]).toEqual(['0:1 1:1 2:1 3:1', '4:1 5:1 0:1 1:1', '2:1 3:1 4:1 5:1'])
  })

  it('should go on behind the split in which it was interrupted', () => {
    const { round } = assigned(12, 9, 9, 9, 9)
    let records = 0
    const interrupted = round(() => ++records >= 2)
    expect([interrupted, round()]).toEqual(['0:2', '1:3 2:3 3:3 0:3'])
  })

  it('should read each split once at most, however few its records are', () => {
    expect(assigned(500, 200, 1, 1).round()).toBe('0:166 1:1 2:1')
  })

  it('should not ask splits that had nothing, until they are woken', () => {
    const { all, splits, round } = assigned(500, ...Array.from({ length: 1000 }, () => 0))
    const [first, second] = splits as [Split, Split]
    const asked = (): number => splits.reduce((sum, split) => sum + split.asked, 0)
    expect([round(), asked(), round(), asked()]).toEqual(['', 1000, '', 1000])
    first.records = 3
    second.records = 2
    all.wake(reader(second))
    expect([round(), round(), asked()]).toEqual(['1:2', '', 1002])
    all.wakeAll()
    expect([round(), asked()]).toEqual(['0:3', 2002])
  })

  it('should have the share of each split in a batch while the pipeline is behind, so that what is in flight stays bounded', () => {
    const { all, round } = assigned(16, ...Array.from({ length: 8 }, () => 100))
    const rounds: string[] = []
    for (const inFlight of [31, 32, 31]) {
      all.inFlight.records = inFlight
      rounds.push(round())
    }
    expect(rounds).toEqual(['0:4 1:4 2:4 3:4', '4:2 5:2 6:2 7:2 0:2 1:2 2:2 3:2', '4:4 5:4 6:4 7:4'])
  })

  it('should not ask a split that is dropped', () => {
    const { all, splits, round } = assigned(500, 1, 1)
    Object.assign(splits[0]!, { drop: () => undefined })
    all.drop(new TopicPartition('t', 0))
    expect([round(), splits[0]!.asked]).toEqual(['1:1', 0])
  })
})
