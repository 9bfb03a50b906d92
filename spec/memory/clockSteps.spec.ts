import { afterEach, beforeEach, expect, it, jest } from '@jest/globals'
import { firstValueFrom } from 'rxjs'
import { ContractScene } from '../../lib/conformance/client/ContractScene.js'
import { Fault } from '../../lib/memory/Fault.js'
import { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import { producerConfig } from '../cluster/support/producerConfig.js'

beforeEach(() => {
  jest.useFakeTimers()
})
afterEach(() => {
  jest.useRealTimers()
})

it('should try again in real time though the wall clock is set forth by an hour meanwhile', async () => {
  const kafka = new MemoryKafka()
  kafka.inject({ api: 'InitProducerId', times: 3 }, Fault.loseAnswer())
  const connected = firstValueFrom(new ContractScene({ connect: kafka.connect, bootstrapServers: [] }).connect({}))
  await jest.advanceTimersByTimeAsync(10)
  const producer = (await connected).transactionalProducer('x', producerConfig())
  const initialised = firstValueFrom(producer.init())
  await jest.advanceTimersByTimeAsync(10)
  jest.setSystemTime(Date.now() + 3_600_000)
  await jest.advanceTimersByTimeAsync(1_000)
  await expect(initialised).resolves.toMatchObject({ transactionalId: 'x', inDoubt: true })
})
