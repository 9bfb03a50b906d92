import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { concatMap, identity, tap, timer } from 'rxjs'
import { CheckpointCoordinator } from '../../lib/checkpoint/CheckpointCoordinator.js'
import { MemoryCheckpointStore } from '../../lib/checkpoint/store/MemoryCheckpointStore.js'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { unionElements } from '../../lib/eventtime/unionElements.js'
import { WatermarkStrategy } from '../../lib/eventtime/WatermarkStrategy.js'
import { KafkaSource } from '../../lib/source/KafkaSource.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { type MarbleHelpers, runMarbles } from '../../lib/testing/runMarbles.js'
import { show } from '../support/elements.js'
import {
  DISCOVERY,
  droppedAt,
  END,
  type EventTimeScript,
  eventTimeScripts,
  foundAt,
  type ScriptedSource,
  TICK,
} from './support/EventTimeScript.js'
import { type EventTimeForm, eventTimeForms } from './support/eventTimeForms.js'
import { type ModelStrategy, SourceModel } from './support/SourceModel.js'
import { silent } from './support/sourceOf.js'
import { UnionModel } from '../eventtime/support/UnionModel.js'

/** Another seed, or more of them: `SEED=7 RUNS=5000`. */
const SEED = Number(process.env['SEED'] ?? 1)
const RUNS = Number(process.env['RUNS'] ?? 120)

const strategyOf = ({ generator, bound, idleTimeout }: ModelStrategy): WatermarkStrategy<string> => {
  const strategy = {
    periodic: () => WatermarkStrategy.forBoundedOutOfOrderness<string>(bound),
    'every record': () =>
      WatermarkStrategy.forGenerator<string>(() => ({
        onEvent: (_: string, timestamp, output) => {
          output.emitWatermark(timestamp - bound - 1)
        },
        onPeriodicEmit: () => undefined,
      })),
    never: () => WatermarkStrategy.noWatermarks<string>(),
  }[generator]()
  return idleTimeout === undefined ? strategy : strategy.withIdleness(idleTimeout)
}

const sourceOf = (prefix: string): KafkaSource<string> =>
  silent(
    KafkaSource.builder()
      .setBootstrapServers('localhost:9092')
      .setTopicPattern(new RegExp(`${prefix}.*`))
      .setProperty('partition.discovery.interval.ms', DISCOVERY)
      .setProperty('max.poll.records', 1)
      .setRemovedPartitionsPolicy('drop')
      .setValueOnlyDeserializer(new SimpleStringSchema())
      .build(),
  )

/** A store that takes its time. */
const slowly = (delay: number, { scheduler }: MarbleHelpers): CheckpointCoordinator => {
  const memory = new MemoryCheckpointStore()
  const begin = (...request: Parameters<typeof memory.begin>) =>
    timer(delay, scheduler).pipe(concatMap(() => memory.begin(...request)))
  return CheckpointCoordinator.create({ store: delay === 0 ? memory : { begin }, scheduler })
}

/** `frame word` of each element, and of each element of the union with them as its inputs say them. */
interface Told {
  readonly sources: readonly string[][]
  readonly union: string[]
  readonly modelled: string[]
}

const play = (
  form: EventTimeForm,
  script: EventTimeScript,
  align: (strategy: WatermarkStrategy<string>) => WatermarkStrategy<string> = identity,
): Told => {
  const told: Told = { sources: script.map(() => []), union: [], modelled: [] }
  runMarbles({ until: END }, (helpers) => {
    const { kafka, scheduler, options, run } = helpers
    const model = new UnionModel(script.length, (word) => told.modelled.push(`${scheduler.now()} ${word}`))
    const inputs = script.map((source, index) => {
      for (const { name, from, until, records } of source.topics) {
        scheduler.schedule(() => kafka.createTopic(name, 1), from)
        for (const { at, time } of records)
          scheduler.schedule(() => kafka.produce(name, [{ value: name, timestamp: time }]), at)
        if (until < END) scheduler.schedule(() => kafka.deleteTopic(name), until)
      }
      const { strategy, restored } = source
      const checkpoints = slowly(restored, helpers)
      const elements$ = form(sourceOf('abc'[index]!), {
        ...options,
        checkpoints,
        watermarks: align(strategyOf(strategy)),
      })
      return elements$.pipe(
        tap((element: StreamElement<string>) => {
          if (element.kind === 'batchEnd') return
          told.sources[index]!.push(`${scheduler.now()} ${show(element)}`)
          if (element.kind !== 'restored') model.next(index, show(element))
        }),
      )
    })
    run(
      unionElements(...inputs).pipe(
        tap((element: StreamElement<string>) => {
          if (element.kind === 'batchEnd') element.acknowledge()
          else if (element.kind !== 'restored') told.union.push(`${scheduler.now()} ${show(element)}`)
        }),
      ),
    )
  })
  return told
}

/** What the rules make of the topics and of the records in the order in which they came. */
const modelOf = (source: ScriptedSource, told: readonly string[]): string[] => {
  const words: string[] = []
  let now = source.restored
  const model = new SourceModel(source.strategy, (word) => words.push(`${now} ${word}`))
  const records = told.filter((word) => word.includes('@'))
  const adds = source.topics
    .flatMap((topic) => {
      const found = foundAt(source, topic)
      return found === undefined ? [] : [{ name: topic.name, found, dropped: droppedAt(source, topic) }]
    })
    // Those that one discovery does not find go one after another, in the order in which they were found.
    .sort((one, other) => one.found - other.found)
  words.push(`${now} R`)
  const frames = new Set([
    ...Array.from({ length: END / TICK }, (_, n) => source.restored + (n + 1) * TICK),
    ...records.map((word) => Number(word.split(' ')[0])),
    source.restored,
  ])
  for (const frame of [...frames].filter((one) => one <= END).sort((a, b) => a - b)) {
    now = frame
    if (frame > source.restored && (frame - source.restored) % TICK === 0) model.tick(frame)
    for (const { name } of adds.filter(({ found }) => found === frame)) model.add(name)
    if (frame === source.restored) model.discovered()
    for (const { name } of adds.filter(({ dropped }) => dropped === frame)) model.drop(name)
    for (const record of records.filter((word) => word.startsWith(`${frame} `))) {
      const [, name, timestamp] = /^\d+ (\w+)@(\d+)$/.exec(record)!
      model.record(name!, Number(timestamp), `${name}@${timestamp}`)
    }
  }
  return words
}

/** Each split ticks for itself where they are operators: what one says in between is no more than a step to what all say. */
const settled = (words: readonly string[]): string[] => {
  const isWatermark = (word: string | undefined): boolean => word?.includes(' W') === true
  const frameOf = (word: string | undefined): string | undefined => word?.split(' ')[0]
  return words.filter(
    (word, index) =>
      !(isWatermark(word) && isWatermark(words[index + 1]) && frameOf(word) === frameOf(words[index + 1])),
  )
}

/** What must hold of any stream, whatever its watermarks are. */
const expectLawful = (told: readonly string[]): void => {
  const words = told.map((word) => word.replace(/^\d+ /, ''))
  expect(words.lastIndexOf('R')).toBe(0)
  const statuses = words.filter((word) => word === 'idle' || word === 'active')
  expect(statuses).toEqual(statuses.map((_, index) => (index % 2 === 0 ? 'idle' : 'active')))
  const watermarks = words.filter((word) => word.startsWith('W')).map((word) => Number(word.slice(1)))
  expect(watermarks).toEqual([...new Set(watermarks)].sort((a, b) => a - b))
  words.forEach((word, index) => {
    const status = words.slice(0, index).findLast((one) => one === 'idle' || one === 'active')
    if (status === 'idle') expect(word).toBe('active')
  })
}

const recordsOf = (source: ScriptedSource): string[] =>
  source.topics.flatMap((topic) => {
    const found = foundAt(source, topic)
    if (found === undefined) return []
    return topic.records.map(({ at, time }) => `${Math.max(at, found)} ${topic.name}@${time}`)
  })

describe.each(eventTimeForms)('whatever happens to the splits of sources, event time by %s', (_, form) => {
  it('should be what the rules of Flink make of it, frame by frame, in each source and in their union', () => {
    fc.assert(
      fc.property(eventTimeScripts(false), (script) => {
        const { sources, union, modelled } = play(form, script)
        sources.forEach((told, index) => {
          const source = script[index]!
          expect(told.filter((word) => word.includes('@')).sort()).toEqual(recordsOf(source).sort())
          expect(settled(told)).toEqual(settled(modelOf(source, told)))
        })
        expect(union).toEqual(modelled)
      }),
      { numRuns: RUNS, seed: SEED },
    )
  })

  it('should hold no record back for ever, nor call a source idle that has one, when its splits are aligned', () => {
    const idling = eventTimeScripts(true).map((script) =>
      script.map((source) => ({ ...source, strategy: { ...source.strategy, idleTimeout: 700 } })),
    )
    fc.assert(
      fc.property(idling, (script) => {
        const { sources } = play(form, script, (strategy) => strategy.withWatermarkAlignment('model', 300, 100))
        sources.forEach((told, index) => {
          expectLawful(told)
          const source = script[index]!
          // What a topic had when it was deleted is gone.
          const kept = { ...source, topics: source.topics.filter(({ until }) => until > END) }
          const frameOf = (word: string): number => Number(word.split(' ')[0])
          const nameOf = (word: string): string | undefined => word.split(' ')[1]
          told.forEach((word, place) => {
            if (!word.endsWith(' idle') && place < told.length - 1) return
            const at = word.endsWith(' idle') ? frameOf(word) : END
            const written = recordsOf(kept).filter((one) => frameOf(one) < at)
            const read = told.slice(0, place + 1).map(nameOf)
            expect(read).toEqual(expect.arrayContaining(written.map(nameOf)))
          })
        })
      }),
      { numRuns: RUNS, seed: SEED },
    )
  })
})
