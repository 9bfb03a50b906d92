import { describe, expect, it } from '@jest/globals'
import { type Observable, tap, timer } from 'rxjs'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import type { KafkaProperties } from '../../lib/config/KafkaProperties.js'
import { DeliveryGuarantee } from '../../lib/sink/DeliveryGuarantee.js'
import { FixedPartitioner } from '../../lib/sink/serializer/FixedPartitioner.js'
import { KafkaRecordSerializationSchema } from '../../lib/sink/serializer/KafkaRecordSerializationSchema.js'
import { type MarbleHelpers, runMarbles } from '../../lib/testing/runMarbles.js'
import { copying, warnings, words } from './support/copying.js'

const { NONE, AT_LEAST_ONCE, EXACTLY_ONCE } = DeliveryGuarantee

interface Settings {
  readonly guarantee?: DeliveryGuarantee
  readonly properties?: KafkaProperties
  readonly selector?: boolean
  readonly partitioner?: boolean
  /** when the topic is made */
  readonly createdAt?: number
  /** when the first record comes */
  readonly firstAt?: number
}

/** A job of three letters, one a second, into a topic that is not there; and what it warns of. */
const job = (
  helpers: MarbleHelpers,
  { guarantee, properties = {}, selector = false, partitioner = false, createdAt, firstAt = 1_000 }: Settings,
): { readonly job$: Observable<string>; readonly warned$: Observable<string> } => {
  const { logger, warned$ } = warnings()
  const schema = KafkaRecordSerializationSchema.builder<string>().setValueSerializationSchema(new SimpleStringSchema())
  if (selector) schema.setTopicSelector(() => 'out')
  else schema.setTopic('out')
  if (partitioner) schema.setPartitioner(new FixedPartitioner())
  helpers.produce('in', `${firstAt}ms a 999ms b 999ms c`)
  if (createdAt !== undefined) helpers.run(timer(createdAt).pipe(tap(() => helpers.kafka.createTopic('out', 2))))
  const settings = { properties, serializer: schema.build(), logger, count: 3 }
  return { job$: words(copying(helpers)(guarantee === undefined ? settings : { ...settings, guarantee })), warned$ }
}

const scene = { topics: { in: 1 }, brokerConfig: { 'auto.create.topics.enable': 'false' }, until: 200_000 }

const missing = expect.stringMatching(
  /^Topic out does not exist \(UNKNOWN_TOPIC_OR_PARTITION\).*max\.block\.ms \(60000 ms\)\. Create it.*auto\.create\.topics\.enable/,
)
const there = 'Topic out is there now; what waited for it is written.'

describe('a sink whose topic is missing', () => {
  it.each([
    [NONE, '1m #'],
    [AT_LEAST_ONCE, 'f 59999ms #'],
    [EXACTLY_ONCE, '1m #'],
  ])('should warn of it once when it opens, and end after max.block.ms, with %s', (guarantee, picture) => {
    runMarbles(scene, (helpers) => {
      const { job$, warned$ } = job(helpers, { guarantee, firstAt: 50 })
      helpers.expectObservable(warned$).toBe('w', { w: missing })
      const timedOut = expect.objectContaining({
        ...{ _tag: 'DeliveryTimeout', retriable: true, topic: 'out', codeName: 'UNKNOWN_TOPIC_OR_PARTITION' },
        message: expect.stringMatching(/^Topic out not present in metadata after 60000 ms \(max\.block\.ms\)\./),
      })
      helpers.expectObservable(job$).toBe(picture, { f: 'flushed 1' }, timedOut)
    })
  })

  it('should end though no record comes, as a source does', () => {
    runMarbles(scene, (helpers) => {
      const { job$ } = job(helpers, { firstAt: 150_000 })
      helpers.expectObservable(job$).toBe('1m #', {}, expect.objectContaining({ topic: 'out' }))
    })
  })

  it('should write all that waited when it is made meanwhile, and say so', () => {
    runMarbles(scene, (helpers) => {
      const { job$, warned$ } = job(helpers, { createdAt: 30_000 })
      helpers.expectObservable(warned$).toBe('w 30499ms t', { w: missing, t: there })
      helpers
        .expectObservable(job$)
        .toBe('30500ms (pcqd|)', { p: 'prepared 12', c: 'committed 12', q: 'prepared 13', d: 'committed 13' })
      helpers.expectCommits('out').toBe('30500ms (ax)', { x: ['b', 'c'] })
    })
  })

  it('should warn at the first record when a selector chooses the topic', () => {
    runMarbles(scene, (helpers) => {
      const { job$, warned$ } = job(helpers, { selector: true, firstAt: 6_000 })
      helpers.expectObservable(warned$).toBe('6s w', { w: missing })
      const timedOut = expect.objectContaining({ _tag: 'DeliveryTimeout', topic: 'out' })
      helpers.expectObservable(job$).toBe('66s #', {}, timedOut)
    })
  })

  it('should wait for it before a partitioner is asked', () => {
    runMarbles(scene, (helpers) => {
      const { job$ } = job(helpers, { partitioner: true, createdAt: 30_000 })
      helpers
        .expectObservable(job$)
        .toBe('30500ms (pcqd|)', { p: 'prepared 12', c: 'committed 12', q: 'prepared 13', d: 'committed 13' })
      helpers.expectCommits('out').toBe('30500ms (ax)', { x: ['b', 'c'] })
    })
  })

  it('should keep to max.block.ms as it is set', () => {
    runMarbles(scene, (helpers) => {
      const { job$ } = job(helpers, { properties: { 'max.block.ms': 3_000 } })
      const timedOut = expect.objectContaining({ message: expect.stringMatching(/after 3000 ms \(max\.block\.ms\)/) })
      helpers.expectObservable(job$).toBe('3s #', {}, timedOut)
    })
  })

  it('should let the brokers make it, if they do, and say nothing', () => {
    runMarbles({ ...scene, brokerConfig: { 'auto.create.topics.enable': 'true' } }, (helpers) => {
      const { job$, warned$ } = job(helpers, { partitioner: true })
      helpers.expectObservable(warned$).toBe('-')
      helpers.expectObservable(job$).toBe('1100ms (pc) 996ms (qd) 896ms (re|)', {
        ...{ p: 'prepared 12', q: 'prepared 22', r: 'prepared 32' },
        ...{ c: 'committed 12', d: 'committed 22', e: 'committed 32' },
      })
      helpers.expectCommits('out').toBe('1100ms a 999ms b 899ms c')
    })
  })
})
