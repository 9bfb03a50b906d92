import { describe, expect, it } from '@jest/globals'
import { splitOwner } from '../../lib/source/enumerator/splitOwner.js'
import { golden } from '../support/golden.js'

interface Case {
  readonly topic: string
  readonly partitions: number
  readonly parallelism: number
  readonly owners: readonly number[]
}

describe('splitOwner', () => {
  it.each(
    golden<Case>('split-owner').map((each) => [each.topic, each.partitions, each.parallelism, each.owners] as const),
  )('should deal %j with %i partitions to %i subtasks as Flink does', (topic, partitions, parallelism, owners) => {
    const dealt = Array.from({ length: partitions }, (_, partition) => splitOwner({ topic, partition }, parallelism))
    expect(dealt).toEqual(owners)
  })
})
