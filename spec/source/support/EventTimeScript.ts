import fc from 'fast-check'
import type { ModelStrategy } from './SourceModel.js'

/** From one tick to the next, and from one discovery to the next, in ms. */
export const TICK = 200
export const DISCOVERY = 1_000
/** The end of a run: whatever happens has happened 2 s before. */
export const END = 10_000
/** Discoveries in a row that do not find a topic until it is dropped. */
export const MISSING_ROUNDS = 3

/** A topic of one partition, in the order of writing; `at` is in virtual time, `time` event time. */
export interface ScriptedTopic {
  readonly name: string
  readonly from: number
  readonly until: number
  readonly records: readonly { readonly at: number; readonly time: number }[]
}

export interface ScriptedSource {
  readonly strategy: ModelStrategy
  /** how long restoring takes */
  readonly restored: number
  readonly topics: readonly ScriptedTopic[]
}

/** Sources that are read side by side, and what happens to their topics. Prints itself as pictures. */
export type EventTimeScript = readonly ScriptedSource[]

/** In between two ticks, so that it is known what comes first. */
const betweenTicks = (frame: number): number => (frame % TICK === 0 ? frame + 1 : frame)

const strategies: fc.Arbitrary<ModelStrategy> = fc.record({
  generator: fc.constantFrom('periodic' as const, 'every record' as const, 'never' as const),
  bound: fc.constantFrom(0, 50),
  idleTimeout: fc.constantFrom(300, 700, 1_000, undefined),
})

/** Records come in bursts with silence between; event time follows the clock, some of it far behind. */
const bursts = fc.array(
  fc.record({
    gap: fc.oneof(fc.integer({ min: 1, max: 250 }), fc.integer({ min: 250, max: 2_500 })),
    behind: fc.nat(900),
  }),
  { maxLength: 8 },
)

const topics = fc.record({
  from: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 4_000 })),
  life: fc.oneof({ weight: 2, arbitrary: fc.constant(Infinity) }, fc.integer({ min: 500, max: 4_000 })),
  bursts,
})

const sources = fc.record({
  strategy: strategies,
  restored: fc.constantFrom(0, 0, TICK, 1_400),
  topics: fc.array(topics, { minLength: 1, maxLength: 3 }),
})

/** @param splitsFromStart each source has a split when it begins */
export const eventTimeScripts = (splitsFromStart: boolean): fc.Arbitrary<EventTimeScript> =>
  fc.array(sources, { minLength: 1, maxLength: 3 }).map((all) =>
    printable(
      all.map(({ strategy, restored, topics }, index) => ({
        strategy,
        restored,
        topics: topics.map(({ from, life, bursts }, place) => {
          const first = splitsFromStart && place === 0
          const begin = first || from === 0 ? 0 : betweenTicks(from)
          const until = betweenTicks(begin + life + (first ? restored : 0))
          let at = begin
          const records = bursts.map(({ gap, behind }) => {
            at = betweenTicks(at + gap)
            return { at, time: Math.max(0, at - behind) }
          })
          const name = `${'abc'[index]!}${place}`
          return { name, from: begin, until, records: records.filter((one) => one.at < Math.min(until, END - 2_000)) }
        }),
      })),
    ),
  )

const printable = (script: EventTimeScript): EventTimeScript =>
  Object.defineProperty([...script], fc.toStringMethod, { value: () => `\n${script.map(pictureOf).join('\n')}\n` })

/** As pictures of what is written, to be put into a spec. */
const pictureOf = ({ strategy, restored, topics }: ScriptedSource): string => {
  const { generator, bound, idleTimeout = 'never' } = strategy
  const lines = topics.map(({ name, from, until, records }) => {
    let frame = 0
    const marbles = records.map(({ at }, index) => {
      const gap = at - frame
      frame = at + 1
      return `${gap}ms ${letterOf(index)}`
    })
    const times = records.map(({ time }, index) => `${letterOf(index)}: ${time}`)
    return `  ${name} from ${from} until ${until}: '${marbles.join(' ')}' { ${times.join(', ')} }`
  })
  return [`restored at ${restored}, watermarks ${generator}, bound ${bound}, idle after ${idleTimeout}`, ...lines].join(
    '\n',
  )
}

const letterOf = (index: number): string => String.fromCharCode('a'.charCodeAt(0) + index)

/** When a source comes to know a topic; undefined when it never does. */
export const foundAt = ({ restored }: ScriptedSource, { from, until }: ScriptedTopic): number | undefined => {
  const round = from <= restored ? restored : restored + Math.ceil((from - restored) / DISCOVERY) * DISCOVERY
  return round < until ? round : undefined
}

/** When it is dropped. */
export const droppedAt = ({ restored }: ScriptedSource, { until }: ScriptedTopic): number =>
  restored + (Math.ceil((until - restored) / DISCOVERY) + MISSING_ROUNDS - 1) * DISCOVERY
