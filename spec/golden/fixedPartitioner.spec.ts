import { describe, expect, it } from '@jest/globals'
import { FixedPartitioner } from '../../lib/sink/serializer/FixedPartitioner.js'
import { golden } from '../support/golden.js'

interface Case {
  readonly note?: string
  readonly parallelInstanceId?: number
  readonly parallelInstances?: number
  readonly partitions?: readonly number[]
  readonly result?: number
  readonly exception?: readonly { readonly message: string }[]
}

const recorded = golden<Case>('fixed-partitioner')

describe('FixedPartitioner, as recorded from Flink', () => {
  for (const { parallelInstanceId, parallelInstances, partitions, result, exception } of recorded) {
    if (parallelInstanceId === undefined || parallelInstances === undefined || partitions === undefined) continue
    const partition = () => {
      const partitioner = new FixedPartitioner<string>()
      partitioner.open(parallelInstanceId, parallelInstances)
      return partitioner.partition('abc', null, 'abc', 'topic', partitions)
    }
    const input = `subtask ${parallelInstanceId} of ${parallelInstances} over [${partitions.join()}]`

    if (exception) {
      it(`should refuse ${input}`, () => {
        expect(partition).toThrow(exception[0]?.message)
      })
    } else {
      it(`should choose ${result} for ${input}`, () => {
        expect(partition()).toBe(result)
      })
    }
  }

  it('should take the first partition when it was never opened', () => {
    const unopened = recorded.find(({ note }) => note?.includes('without open()'))
    expect(new FixedPartitioner<string>().partition('abc', null, 'abc', 'topic', [4, 5])).toBe(unopened?.result)
  })
})
