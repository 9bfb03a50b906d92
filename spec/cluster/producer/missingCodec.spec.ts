import { expect, it, jest } from '@jest/globals'
import { firstValueFrom } from 'rxjs'
import type { KafkaError } from '../../../lib/client/KafkaError.js'
import { ClusterProducer } from '../../../lib/cluster/producer/ClusterProducer.js'
import { FakeCluster } from './support/FakeCluster.js'
import { producerConfig } from './support/producerConfig.js'
import { seededRandom } from './support/seededRandom.js'
import { StepScheduler } from './support/StepScheduler.js'

jest.mock('lz4-napi', () => {
  throw Object.assign(new Error('not found'), { code: 'MODULE_NOT_FOUND' })
})

it('should fail a producer whose codec is not installed at its first batch, and send nothing', async () => {
  const scheduler = new StepScheduler()
  const cluster = new FakeCluster(scheduler, seededRandom(1))
  cluster.addTopic('t', 1)
  const producer = new ClusterProducer(cluster, producerConfig({ compression: 'lz4' }))
  const failures: KafkaError[] = []
  producer.failed$.subscribe((error) => failures.push(error))

  producer.append({ topic: 't', partition: 0, value: 'a' })
  const flushed = scheduler.until(firstValueFrom(producer.flush()))

  await expect(flushed).rejects.toMatchObject({ _tag: 'Unsupported' })
  await expect(flushed).rejects.toThrow('npm install lz4-napi')
  expect(failures).toMatchObject([{ _tag: 'Unsupported' }])
  expect(cluster.requests).toEqual([])
})
