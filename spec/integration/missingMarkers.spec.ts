import { expect, it } from '@jest/globals'
import { exhaustMap, firstValueFrom, interval, isObservable, lastValueFrom, of, takeWhile } from 'rxjs'
import type { KafkaAdmin } from '../../lib/client/KafkaAdmin.js'
import { TopicPartition } from '../../lib/client/TopicPartition.js'
import { producerConfig } from '../../lib/conformance/client/ContractScene.js'
import { KafkaPartitionSplitState } from '../../lib/source/split/KafkaPartitionSplitState.js'
import { heldBack } from '../../lib/source/reader/heldBack.js'
import { createTopicOn } from '../support/kafka/createTopicOn.js'
import { type KafkaCluster, tools } from '../support/kafka/startKafka.js'
import { writeMissingMarkers } from '../support/kafka/writeMissingMarkers.js'
import { openClient } from '../support/openClient.js'
import { describeKafka } from '../support/realKafka.js'

const described = async (kafka: KafkaCluster, topic: string): Promise<string> => {
  const { code, stdout, stderr } = await kafka.tool(tools.TopicCommand, [
    ...['--bootstrap-server', kafka.bootstrapServers, '--describe', '--topic', topic],
  ])
  if (code !== 0) throw new Error(stderr)
  return stdout
}

/** What a source that stands before the first record warns of. */
const whatReadersSay = (admin: KafkaAdmin): Promise<string> => {
  const split = new KafkaPartitionSplitState({ topicPartition: new TopicPartition('orphan', 0), startingOffset: 0 })
  split.onLog({ highWatermark: 1, lastStableOffset: 0, logStartOffset: 0 }, 'read_committed', 0)
  const said = heldBack(
    () => [split],
    () => admin,
  ).message(30_000)
  return firstValueFrom(isObservable(said) ? said : of(said))
}

// The coordinator moves to the broker that stays, which is the quorum as well.
const config = { 'broker.session.timeout.ms': '3000', 'broker.heartbeat.interval.ms': '500' }

describeKafka(
  'a commit while a partition has no leader',
  { own: true, brokers: 2, controllers: 1, config },
  (kafka) => {
    it('should be complete when its leader is back, or said to hang for good, by a broker that leaves its marker out', async () => {
      const [, second] = kafka().brokers
      await createTopicOn(kafka(), 'orphan', [second!.id])
      const client = await openClient(kafka().bootstrapServers)
      try {
        const producer = client.transactionalProducer('orphan-1', producerConfig({ deliveryTimeoutMs: 60_000 }))
        await firstValueFrom(producer.init())
        producer.begin()
        producer.append({ topic: 'orphan', partition: 0, value: 'committed' })
        await lastValueFrom(producer.flush(), { defaultValue: undefined })
        await second!.kill()
        await lastValueFrom(
          interval(500).pipe(
            exhaustMap(() => described(kafka(), 'orphan')),
            takeWhile((text) => !text.includes('Leader: none')),
          ),
          { defaultValue: undefined },
        )
        await lastValueFrom(producer.commit(), { defaultValue: undefined })
        await second!.start()

        const leavesItOut = kafka().version === '4.4.0'
        if (leavesItOut)
          await expect(whatReadersSay(client.admin)).resolves.toMatch(
            /^Records lie behind an open transaction .*orphan-0 from offset 0, 1 offsets\. It is held open by transactional\.id "orphan-1", producer id \d+ \(epoch 0\)\. This does not pass: .*: CompleteCommit\), and its marker is missing here\./,
          )
        expect(await writeMissingMarkers(kafka(), 'orphan', 1)).toBe(leavesItOut ? 1 : 0)
        const read = await kafka().readCommitted('orphan', { maxMessages: 1 })
        expect(read.map(({ value }) => value)).toEqual(['committed'])
      } finally {
        await firstValueFrom(client.close(), { defaultValue: undefined })
      }
    }, 180_000)
  },
)
