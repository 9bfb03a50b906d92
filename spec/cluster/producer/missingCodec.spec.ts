import { expect, it, jest } from '@jest/globals'
import { producerScene } from './support/producerScene.js'

jest.mock('lz4-napi', () => {
  throw Object.assign(new Error('not found'), { code: 'MODULE_NOT_FOUND' })
})

it('should fail a producer whose codec is not installed at its first batch, and send nothing', () => {
  const { scene, producer, failures, write } = producerScene({ compression: 'lz4' })
  scene.play(({ expectObservable }) => {
    write(0, 'a')
    const message = expect.stringContaining('npm install lz4-napi')
    const error = expect.objectContaining({ _tag: 'Unsupported', message })
    expectObservable(producer.flush()).toBe('10ms #', undefined, error)
    expectObservable(scene.requests('Produce')).toBe('')
  })
  expect(failures).toMatchObject([{ _tag: 'Unsupported' }])
})
