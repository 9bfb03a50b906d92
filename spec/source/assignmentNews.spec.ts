import { describe, expect, it } from '@jest/globals'
import { CheckpointCoordinator } from '../../lib/checkpoint/CheckpointCoordinator.js'
import { MemoryCheckpointStore } from '../../lib/checkpoint/store/MemoryCheckpointStore.js'
import type { Logger } from '../../lib/client/KafkaConfig.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'
import { onKafka } from './support/onKafka.js'
import { builderOf, valuesFor } from './support/sourceOf.js'

const note = () => {
  const infos: string[] = []
  const others: string[] = []
  const add = (message: string) => void others.push(message)
  const logger: Logger = { debug: add, info: (message) => void infos.push(message), warn: add, error: add }
  return { infos, others, logger }
}

describe('what a source says of what it reads', () => {
  it('should be where it begins, where it goes on after a restart, and what it finds later', () => {
    const { infos, others, logger } = note()
    onKafka({ t: 2 }, (kafka, scheduler, { flush }) => {
      scheduler.maxFrames = 10_000
      kafka.produce('t', valuesFor(0, 'a', 'b', 'c'))
      const store = new MemoryCheckpointStore()
      const source = builderOf().setLogger(logger).setProperty('partition.discovery.interval.ms', 1000).build()
      const attempt = () =>
        source
          .records({
            connect: kafka.connect,
            scheduler,
            checkpoints: CheckpointCoordinator.create({ interval: 100, store, scheduler }),
          })
          .subscribe()
      const first = attempt()
      scheduler.schedule(() => first.unsubscribe(), 550)
      scheduler.schedule(() => kafka.createPartitions('t', 3), 560)
      scheduler.schedule(() => void attempt(), 600)
      scheduler.schedule(() => kafka.createPartitions('t', 4), 1000)
      flush()
    })
    expect(infos).toEqual([
      'Subtask 0 of 1 starts without a checkpoint, and reads 2 partitions (t-0 from offset 0, t-1 from offset 0).',
      expect.stringMatching(
        /^Subtask 0 of 1 goes on from checkpoint \d+, and reads 2 restored partitions \(t-0 from offset 3, t-1 from offset 0\); 1 new partition \(t-2 from offset 0\)\.$/,
      ),
      'Discovery has found 1 new partition (t-3 from offset 0).',
    ])
    expect(others).toEqual([])
  })

  it('should be where it ends, and that there is nothing to read', () => {
    const { infos, logger } = note()
    onKafka({ t: 1 }, (kafka, scheduler, { flush }) => {
      kafka.produce('t', valuesFor(0, 'a', 'b'))
      const source = builderOf().setLogger(logger).setBounded(OffsetsInitializer.latest()).build()
      for (const subtaskIndex of [0, 1])
        source.records({ connect: kafka.connect, scheduler, parallelism: 2, subtaskIndex }).subscribe()
      flush()
    })
    expect([...infos].sort()).toEqual([
      expect.stringMatching(/^Subtask 0 of 2 starts without a checkpoint, and /),
      expect.stringMatching(/^Subtask 1 of 2 starts without a checkpoint, and /),
    ])
    expect(infos.filter((line) => line.endsWith('has no partitions to read.'))).toHaveLength(1)
    expect(infos.filter((line) => line.endsWith('reads 1 partition (t-0 from offset 0 up to 2).'))).toHaveLength(1)
  })
})
