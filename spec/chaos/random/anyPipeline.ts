import type { Random } from './Random.js'
import type { Operator, Script } from './Script.js'

/** Some operators, one after the other, as they may follow. */
export const anyPipeline = (random: Random, guarantee: Script['guarantee']): readonly Operator[] => {
  const makers: readonly (() => Operator)[] = [
    () => ({ op: 'map' }),
    () => ({ op: 'fragile', times: 1 + random(3) }),
    () => ({ op: 'filter', drop: 2 + random(3) }),
    () => ({ op: 'flatMap', times: 1 + random(3) }),
    () => ({
      op: 'mapAsync',
      ms: random(20),
      concurrency: 1 + random(4),
      order: random(3) === 0 ? 'unordered' : 'ordered',
    }),
    () => ({ op: 'keyedScan' }),
    () => ({
      op: 'windows',
      kind: (['tumbling', 'sliding', 'session'] as const)[random(3)]!,
      size: 2 * (6 + random(20)),
    }),
    ...(guarantee === 'AT_LEAST_ONCE' ? [(): Operator => ({ op: 'processBatches', ms: random(20) })] : []),
  ]
  const pipeline = Array.from({ length: random(4) }, () => makers[random(makers.length)]!())
  // Windows are few, and need the event times that the records came with.
  const windows = pipeline.findIndex(({ op }) => op === 'windows')
  // What it counts depends on their order.
  const scan = pipeline.findLastIndex(({ op }) => op === 'keyedScan')
  return pipeline
    .map((operator, index) =>
      operator.op === 'mapAsync' && index < scan ? { ...operator, order: 'ordered' as const } : operator,
    )
    .filter((operator, index) => operator.op !== 'windows' || index === windows)
    .filter(({ op }, index) => op !== 'processBatches' || windows < 0 || index > windows)
    .map((operator) =>
      // Odd, since times are even: a record that just touches a session that has fired is one of its own.
      operator.op === 'windows' && operator.kind === 'session' ? { ...operator, size: operator.size + 1 } : operator,
    )
}
