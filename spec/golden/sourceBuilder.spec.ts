import { describe, expect, it } from '@jest/globals'
import { NEVER } from 'rxjs'
import { OffsetResetStrategy } from '../../lib/client/OffsetResetStrategy.js'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { TopicPartition, topicPartitionKey } from '../../lib/client/TopicPartition.js'
import { KafkaSource } from '../../lib/source/KafkaSource.js'
import type { KafkaSourceBuilder } from '../../lib/source/KafkaSourceBuilder.js'
import { OffsetSentinel } from '../../lib/source/offsets/OffsetSentinel.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'
import { golden } from '../support/golden.js'
import { departures } from './departures.js'

interface Case {
  readonly id: string
  readonly code: string
  readonly ok: boolean
  readonly result?: Readonly<Record<string, unknown>>
  readonly exceptionChain?: readonly { readonly message: string | null }[]
}

type Builder = KafkaSourceBuilder<string>

const schema = new SimpleStringSchema()
const bare = (): Builder => KafkaSource.builder<string>()
const served = (): Builder => bare().setBootstrapServers('b:9092').setValueOnlyDeserializer(schema)
const topical = (): Builder => served().setTopics('t')
const complete = (): Builder => topical().setGroupId('g')
const NO_STOPPING_OFFSET = '-9223372036854775808'
const custom = { name: 'Custom', partitions: () => NEVER }

/** What each recorded case does. */
const scripts: Readonly<Record<string, () => Builder>> = {
  'source-missing-servers': () => bare().setTopics('t').setValueOnlyDeserializer(schema),
  'source-missing-deserializer': () => bare().setBootstrapServers('b:9092').setTopics('t'),
  'source-two-topics': () => served().setTopics('a').setTopics('b'),
  'source-topics-then-pattern': () => topical().setTopicPattern(/t/),
  'source-partitions-then-topics': () => served().setPartitions([]).setTopics('t'),
  'source-topics-then-custom': () => topical().setKafkaSubscriber(custom),
  'source-empty-topics': () => served().setGroupId('g').setTopics(),
  'source-stop-committed-no-group': () => topical().setBounded(OffsetsInitializer.committedOffsets()),
  'source-commit-on-checkpoint-no-group': () => topical().setProperty('commit.offsets.on.checkpoint', 'true'),
  'source-auto-commit-no-group': () => topical().setProperty('enable.auto.commit', 'true'),
  'source-null-group': () => topical().setGroupId(null as never),
  'source-null-bounded': () => complete().setBounded(null as never),
  'source-offsets-null': () => complete().setStartingOffsets(OffsetsInitializer.offsets(null as never)),
  'source-props-default': complete,
  'source-props-bounded': () =>
    complete().setProperty('partition.discovery.interval.ms', '500').setBounded(OffsetsInitializer.latest()),
  'source-props-unbounded-stop': () =>
    complete().setProperty('partition.discovery.interval.ms', '500').setUnbounded(OffsetsInitializer.latest()),
  'source-props-reset-earliest': () => complete().setStartingOffsets(OffsetsInitializer.earliest()),
  'source-props-reset-committed': () => complete().setStartingOffsets(OffsetsInitializer.committedOffsets()),
  'source-props-reset-committed-LATEST': () =>
    complete().setStartingOffsets(OffsetsInitializer.committedOffsets(OffsetResetStrategy.LATEST)),
  'source-props-reset-offsets': () => complete().setStartingOffsets(OffsetsInitializer.offsets({})),
  'source-props-autocommit-true': () => complete().setProperty('enable.auto.commit', 'true'),
  'source-props-clientid': () => complete().setClientIdPrefix('cp'),
}

/** What is done instead where we depart. */
const departing: Readonly<Record<string, (recorded: Case) => void>> = {
  'source-null-valueonly': () => {
    expect(() =>
      served()
        .setTopics('t')
        .setValueOnlyDeserializer(null as never),
    ).toThrow(TypeError)
  },
  'source-topics-null': () => {
    expect(() => served().setTopics(null as never)).toThrow(TypeError)
  },
  'source-deserializer-not-deserializer': () => {
    expect(silenced(() => complete().setProperty('value.deserializer', 'java.lang.String').build())).toBeInstanceOf(
      KafkaSource,
    )
  },
  'source-no-stopping-strategy': () => {
    expect(complete().build().config.stoppingOffsets).toBeUndefined()
    expect(complete().setUnbounded().build().config.stoppingOffsets).toBeUndefined()
    expect(Object.keys(OffsetsInitializer)).toEqual(['earliest', 'latest', 'timestamp', 'committedOffsets', 'offsets'])
  },
  'split-negative-start': ({ exceptionChain }) => {
    const start = OffsetsInitializer.offsets({ 't-0': -7 })
    // Flink's message has the two the wrong way round: its constants are as ours.
    const message = exceptionChain![0]!.message!.replace('-1(earliest), -2(latest)', '-2(earliest), -1(latest)')
    expect(() => complete().setStartingOffsets(start).build()).toThrow(message)
  },
  'split-negative-stop': ({ exceptionChain }) => {
    const stop = OffsetsInitializer.offsets({ 't-0': -7 })
    // No end is no number here.
    const message = exceptionChain![0]!.message!.replace(
      `, ${NO_STOPPING_OFFSET}(Long.MIN_VALUE, no_stopping_offset)`,
      '',
    )
    expect(() => complete().setBounded(stop).build()).toThrow(message)
  },
  'split-id': ({ result }) => {
    expect(topicPartitionKey(new TopicPartition('topic-a', 3))).toBe(result!['splitId'])
    expect(OffsetSentinel).toEqual({
      EARLIEST: result!['EARLIEST_OFFSET'],
      LATEST: result!['LATEST_OFFSET'],
      COMMITTED: result!['COMMITTED_OFFSET'],
    })
  },
}

/** What a source has decided, under Kafka's names. */
const effective = ({ config }: KafkaSource<string>): Readonly<Record<string, string>> => ({
  'auto.offset.reset': config.startingOffsets.autoOffsetResetStrategy,
  'bootstrap.servers': config.consumer.client.bootstrapServers.map(({ host, port }) => `${host}:${port}`).join(),
  'client.id.prefix': String(config.consumer.clientIdPrefix),
  'enable.auto.commit': String(config.consumer.enableAutoCommit),
  'group.id': String(config.consumer.groupId),
  'partition.discovery.interval.ms': String(config.consumer.partitionDiscoveryIntervalMs),
  '<boundedness>': config.boundedness,
})

const silenced = <R>(act: () => R): R => {
  const { warn } = console
  console.warn = () => undefined
  try {
    return act()
  } finally {
    console.warn = warn
  }
}

describe('KafkaSource.builder(), as recorded from Flink', () => {
  const recorded = golden<Case>('builder').filter(({ id }) => id.startsWith('source-') || id.startsWith('split-'))

  it('should have a script or a departure for every case, and no others', () => {
    const ours = Object.keys(departures).filter((id) => /^(source|split)-/.test(id))
    expect(Object.keys(departing).sort()).toEqual(ours.sort())
    expect([...Object.keys(scripts), ...ours].sort()).toEqual(recorded.map(({ id }) => id).sort())
  })

  for (const [id, check] of Object.entries(departing))
    it(`should depart: ${departures[id]!.because}`, () => check(recorded.find((one) => one.id === id)!))

  for (const { id, code, ok, result, exceptionChain } of recorded) {
    const script = scripts[id]
    if (script === undefined) continue
    const build = (): KafkaSource<string> => silenced(() => script().build())

    if (ok) {
      it(`should build: ${code}`, () => {
        const { 'key.deserializer': _key, 'value.deserializer': _value, ...expected } = result ?? {}
        expect(effective(build())).toMatchObject(expected)
      })
    } else {
      const message = exceptionChain?.[0]?.message
      // What Java says of a null by itself is not a message of Flink's.
      it(`should refuse: ${code}`, () => {
        if (message === null || message === undefined || message.startsWith('Cannot invoke'))
          expect(build).toThrow(TypeError)
        else expect(build).toThrow(message)
      })
    }
  }
})
