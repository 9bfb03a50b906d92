import { expect, it } from '@jest/globals'
import { isLeft } from 'fp-ts/lib/Either.js'
import { mergeMap } from 'rxjs'
import { decodeProducerConfig } from '../../lib/config/producerConfig.js'
import { Fault } from '../../lib/memory/Fault.js'
import { numbers, SinkScene } from './sinkScene.js'

const decoded = decodeProducerConfig({ 'bootstrap.servers': 'memory:9092' })
if (isLeft(decoded)) throw new Error('The settings cannot work.')
const config = decoded.right

/** As brokers do with a late request of a connection that is gone, and as another job with this prefix does. */
const initialiseOwner = ({ kafka }: SinkScene): void => {
  kafka
    .connect(config.client)
    .pipe(mergeMap((client) => client.transactionalProducer('job-0-owner', config.producer).init()))
    .subscribe()
}

it('should not take itself for another job when the request that made it the owner is carried out again, late', () => {
  const scene = new SinkScene()
  scene.kafka.inject({ api: 'InitProducerId', transactionalId: 'job-0-owner' }, Fault.loseAnswer())
  const retried = scene.coordinator()
  scene.play(() => {
    const first = scene.start(scene.job({ count: 100 }))
    scene.at(300, () => initialiseOwner(scene))
    scene.at(400, () => {
      first.unsubscribe()
      scene.start(scene.job({ count: 100, coordinator: retried }))
    })
  }, 10_000)
  expect(scene.errors).toEqual([])
  expect(scene.committed).toEqual(numbers(100))
})

it('should be the owner without doubt after 30 s, and know others again', () => {
  const scene = new SinkScene()
  scene.kafka.inject({ api: 'InitProducerId', transactionalId: 'job-0-owner' }, Fault.loseAnswer())
  scene.play(() => {
    scene.start(scene.job())
    scene.at(29_000, () => initialiseOwner(scene))
    scene.at(40_000, () => initialiseOwner(scene))
  }, 42_000)
  expect(scene.errors).toMatchObject([{ _tag: 'Fenced', message: expect.stringContaining('Another job') }])
  expect(scene.erredAt).toBeGreaterThanOrEqual(40_000)
})
