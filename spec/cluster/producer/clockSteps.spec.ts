import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { asyncScheduler } from 'rxjs'
import type { KafkaClient } from '../../../lib/client/KafkaClient.js'
import { Fault } from '../../../lib/memory/Fault.js'
import { MemoryKafka } from '../../../lib/memory/MemoryKafka.js'
import { brokerError } from '../../../lib/protocol/brokerError.js'
import { clientConfig } from '../support/ClientScene.js'
import { producerConfig } from '../support/producerConfig.js'

const HOUR = 3_600_000
const notEnoughReplicas = Fault.fail(brokerError(19, { api: 'Produce', topic: 't', partition: 0 }))

describe.each([
  ['back', -HOUR],
  ['forth', HOUR],
])('a producer while the wall clock is set %s by an hour', (_, step) => {
  let kafka: MemoryKafka
  let client: KafkaClient
  beforeEach(async () => {
    jest.useFakeTimers({ doNotFake: ['queueMicrotask', 'nextTick'] })
    kafka = new MemoryKafka({ latencyMs: 10, brokerConfig: { 'auto.create.topics.enable': 'false' } })
    kafka.inject({ api: 'Produce', topic: 'refused', times: Infinity }, notEnoughReplicas)
    kafka.connect({ ...clientConfig, scheduler: asyncScheduler }).subscribe((opened) => (client = opened))
    await pass(100)
  })
  afterEach(() => {
    jest.useRealTimers()
  })

  const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms)
  const stepClock = (): void => {
    jest.setSystemTime(Date.now() + step)
  }
  const values = (): readonly (string | null)[] => kafka.records('t').map(({ value }) => value)

  it('should send what lingers at its time', async () => {
    kafka.createTopic('t', 1)
    const producer = client.producer(producerConfig({ lingerMs: 500 }))
    producer.append({ topic: 't', partition: 0, value: 'a' })
    await pass(300)
    stepClock()
    await pass(100)
    expect(values()).toEqual([])
    await pass(500)
    expect(values()).toEqual(['a'])
  })

  it('should try again after its back-off', async () => {
    kafka.createTopic('t', 1)
    kafka.inject({ api: 'Produce', topic: 't' }, notEnoughReplicas)
    const producer = client.producer(producerConfig())
    producer.append({ topic: 't', partition: 0, value: 'a' })
    await pass(60)
    const bytesOfOne = producer.stats.bytesSent
    expect([bytesOfOne > 0, values()]).toEqual([true, []])
    stepClock()
    await pass(500)
    expect([producer.stats.bytesSent, values()]).toEqual([2 * bytesOfOne, ['a']])
  })

  it('should wait for a topic for max.block.ms', async () => {
    const producer = client.producer(producerConfig({ maxBlockMs: 20_000 }))
    const errors: unknown[] = []
    producer.append({ topic: 't', partition: 0, value: 'a' })
    producer.flush().subscribe({ error: (error) => errors.push(error) })
    await pass(5_000)
    stepClock()
    await pass(13_000)
    expect(errors).toEqual([])
    await pass(5_000)
    expect(errors).toEqual([expect.objectContaining({ message: expect.stringContaining('max.block.ms') })])
  })

  it('should give up after delivery.timeout.ms', async () => {
    kafka.createTopic('refused', 1)
    const producer = client.producer(producerConfig({ deliveryTimeoutMs: 20_000 }))
    const errors: unknown[] = []
    producer.append({ topic: 'refused', partition: 0, value: 'a' })
    producer.flush().subscribe({ error: (error) => errors.push(error) })
    await pass(5_000)
    stepClock()
    await pass(14_000)
    expect(errors).toEqual([])
    await pass(3_000)
    expect(errors).toEqual([expect.objectContaining({ message: expect.stringContaining('delivery.timeout.ms') })])
  })
})
