import { expect, it } from '@jest/globals'
import { isLeft } from 'fp-ts/lib/Either.js'
import { concat, defer, mergeMap, takeUntil, timer } from 'rxjs'
import { decodeProducerConfig } from '../../lib/config/producerConfig.js'
import { Fault } from '../../lib/memory/Fault.js'
import { type MarbleHelpers, runMarbles } from '../../lib/testing/runMarbles.js'
import { copying, topics, words } from './support/copying.js'

const decoded = decodeProducerConfig({ 'bootstrap.servers': 'memory:9092' })
if (isLeft(decoded)) throw new Error('The settings cannot work.')
const config = decoded.right

/** As brokers do with a late request of a connection that is gone, and as another job with this prefix does. */
const initialiseOwner = ({ kafka, options: { scheduler }, run }: MarbleHelpers, at: number): void => {
  const initialising$ = kafka
    .connect({ ...config.client, scheduler })
    .pipe(mergeMap((client) => client.transactionalProducer('job-0-owner', config.producer).init()))
  run(timer(at).pipe(mergeMap(() => initialising$)))
}

it('should not take itself for another job when the request that made it the owner is carried out again, late', () => {
  runMarbles({ topics, until: 10_000 }, (helpers) => {
    const { kafka, produce, run, coordinator, expectCommits } = helpers
    kafka.inject({ api: 'InitProducerId', transactionalId: 'job-0-owner' }, Fault.loseAnswer())
    produce('in', '10ms a 99ms b 99ms c 149ms d 99ms e')
    const retried = coordinator({ interval: 100 })
    initialiseOwner(helpers, 300)
    const again$ = defer(() => copying(helpers)({ checkpoints: retried }))
    run(concat(copying(helpers)().pipe(takeUntil(timer(400))), again$))
    expectCommits('out').toBe('100ms a 99ms b 99ms c 199ms x', { x: ['d', 'e'] })
  })
})

it('should be the owner without doubt after 30 s, and know others again', () => {
  runMarbles({ topics, until: 42_000 }, (helpers) => {
    const { kafka, expectObservable } = helpers
    kafka.inject({ api: 'InitProducerId', transactionalId: 'job-0-owner' }, Fault.loseAnswer())
    initialiseOwner(helpers, 29_000)
    initialiseOwner(helpers, 40_000)
    helpers.produce('in', '10ms a 39s b')
    const fenced = expect.objectContaining({ _tag: 'Fenced', message: expect.stringContaining('Another job') })
    expectObservable(words(copying(helpers)())).toBe(
      '100ms (pc) 38996ms (qd) 996ms #',
      { p: 'prepared 2', c: 'committed 2', q: 'prepared 392', d: 'committed 392' },
      fenced,
    )
  })
})
