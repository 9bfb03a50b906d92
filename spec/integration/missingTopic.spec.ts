import { expect, it } from '@jest/globals'
import { from, lastValueFrom, toArray } from 'rxjs'
import {
  DeliveryGuarantee,
  KafkaRecordSerializationSchema,
  KafkaSink,
  SimpleStringSchema,
  sinkTo,
} from '../../lib/index.js'
import { StreamRecord } from '../../lib/stream/StreamRecord.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { openClient } from '../support/openClient.js'
import { Upstream } from '../support/elements.js'
import { describeKafka } from '../support/realKafka.js'

describeKafka('a topic that is missing', { own: true, config: { 'auto.create.topics.enable': 'false' } }, (kafka) => {
  /** Writes one record, as fast as the broker answers, and notes what is warned of. */
  const write = (topic: string, maxBlockMs: number) => {
    const warned: string[] = []
    const silent = () => undefined
    const sink = KafkaSink.builder<string>()
      .setBootstrapServers(kafka().bootstrapServers)
      .setDeliveryGuarantee(DeliveryGuarantee.NONE)
      .setLogger({ debug: silent, info: silent, error: silent, warn: (line) => void warned.push(line) })
      .setProperty('max.block.ms', maxBlockMs)
      .setRecordSerializer(
        KafkaRecordSerializationSchema.builder<string>()
          .setTopic(topic)
          .setValueSerializationSchema(new SimpleStringSchema())
          .build(),
      )
      .build()
    const elements: StreamElement<string>[] = [new Upstream().restored(), new StreamRecord('a', 1)]
    return { warned, done: lastValueFrom(from(elements).pipe(sinkTo(sink), toArray())) }
  }

  it('should be told at once, and be an error after max.block.ms', async () => {
    const startedAt = performance.now()
    const { warned, done } = write('nowhere', 2_000)
    await expect(done).rejects.toMatchObject({
      ...{ _tag: 'DeliveryTimeout', retriable: true, topic: 'nowhere', codeName: 'UNKNOWN_TOPIC_OR_PARTITION' },
      message: expect.stringMatching(/^Topic nowhere not present in metadata after 2000 ms/),
    })
    expect(performance.now() - startedAt).toBeLessThan(6_000)
    expect(warned).toEqual([expect.stringMatching(/^Topic nowhere does not exist.*auto\.create\.topics\.enable=true/)])
  }, 30_000)

  it('should be written when it is made meanwhile', async () => {
    const client = await openClient(kafka().bootstrapServers)
    const { warned, done } = write('later', 30_000)
    while (warned.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await lastValueFrom(client.admin.createTopics([{ topic: 'later', partitions: 1 }]))
    await done
    await lastValueFrom(client.close())
    expect((await kafka().readCommitted('later')).map(({ value }) => value)).toEqual(['a'])
    expect(warned[1]).toBe('Topic later is there now; what waited for it is written.')
  }, 60_000)
})
