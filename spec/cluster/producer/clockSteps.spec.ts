import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { asyncScheduler } from 'rxjs'
import { ClusterProducer } from '../../../lib/cluster/producer/ClusterProducer.js'
import { monotonicClock } from '../../../lib/scheduling/monotonicClock.js'
import { FakeCluster } from './support/FakeCluster.js'
import { producerConfig } from './support/producerConfig.js'
import { StepScheduler } from './support/StepScheduler.js'

const HOUR = 3_600_000
const NOT_ENOUGH_REPLICAS = 19

/** Its brokers work by real timers, as the producer does. */
class TimerScheduler extends StepScheduler {
  override now(): number {
    return Date.now()
  }

  override after(delay: number, run: () => void): void {
    asyncScheduler.schedule(run, delay)
  }
}

describe.each([
  ['back', -HOUR],
  ['forth', HOUR],
])('a producer while the wall clock is set %s by an hour', (_, step) => {
  let cluster: FakeCluster
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['queueMicrotask', 'nextTick'] })
    cluster = new FakeCluster(new TimerScheduler(), () => 0.5)
    Object.assign(cluster, { scheduler: asyncScheduler, now: monotonicClock(asyncScheduler) })
  })
  afterEach(() => {
    jest.useRealTimers()
  })

  const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms)
  const stepClock = (): void => {
    jest.setSystemTime(Date.now() + step)
  }

  it('should send what lingers at its time', async () => {
    cluster.addTopic('t', 1)
    const producer = new ClusterProducer(cluster, producerConfig({ lingerMs: 500 }))
    producer.append({ topic: 't', partition: 0, value: 'a' })
    await pass(300)
    stepClock()
    await pass(100)
    expect(cluster.valuesOf('t', 0)).toEqual([])
    await pass(500)
    expect(cluster.valuesOf('t', 0)).toEqual(['a'])
  })

  it('should try again after its back-off', async () => {
    cluster.addTopic('t', 1)
    cluster.scripted.push(NOT_ENOUGH_REPLICAS)
    const producer = new ClusterProducer(cluster, producerConfig())
    producer.append({ topic: 't', partition: 0, value: 'a' })
    await pass(60)
    expect(cluster.requests).toHaveLength(1)
    expect(cluster.valuesOf('t', 0)).toEqual([])
    stepClock()
    await pass(500)
    expect(cluster.valuesOf('t', 0)).toEqual(['a'])
  })

  it('should wait for a topic for max.block.ms', async () => {
    const producer = new ClusterProducer(cluster, producerConfig({ maxBlockMs: 20_000 }))
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
    cluster.addTopic('t', 1)
    cluster.scripted.push(...Array.from({ length: 1_000 }, () => NOT_ENOUGH_REPLICAS))
    const producer = new ClusterProducer(cluster, producerConfig({ deliveryTimeoutMs: 20_000 }))
    const errors: unknown[] = []
    producer.append({ topic: 't', partition: 0, value: 'a' })
    producer.flush().subscribe({ error: (error) => errors.push(error) })
    await pass(5_000)
    stepClock()
    await pass(14_000)
    expect(errors).toEqual([])
    await pass(3_000)
    expect(errors).toEqual([expect.objectContaining({ message: expect.stringContaining('delivery.timeout.ms') })])
  })
})
