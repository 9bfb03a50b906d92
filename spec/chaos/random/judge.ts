import type { Expected } from './expectedOf.js'
import type { World } from './World.js'

/** What is not to be seen by readers of committed records, and no error has rightly named as lost: `topic value`. */
export const missing = (world: World, expected: Expected): readonly string[] =>
  [...expected.topics].flatMap(([topic, lanes]) => {
    const seen = new Set(world.kafka.records(topic, 'read_committed').map(({ value }) => value))
    return [...lanes.values()]
      .flat()
      .filter((value) => !seen.has(value) && !world.losses.reported.has(`${topic} ${value}`))
      .map((value) => `${topic} ${value}`)
  })

/** Holds what readers of committed records see against what they should see. */
export const judge = (world: World, expected: Expected): void => {
  const lost = missing(world, expected)
  if (lost.length > 0) world.violated('lost', `${lost.join(', ')} (${fates(world)})`)
  const exactlyOnce = world.script.guarantee === 'EXACTLY_ONCE' && !world.beganAgain
  for (const [topic, lanes] of expected.topics) {
    const records = world.kafka.records(topic, 'read_committed').map(({ value }) => String(value))
    if (exactlyOnce) {
      const doubled = records.filter((value, index) => records.indexOf(value) !== index)
      if (doubled.length > 0) world.violated('doubled', `${topic}: ${doubled.join(', ')}`)
    }
    const all = new Set([...lanes.values()].flat())
    const invented = records.filter((value) => !all.has(value))
    if (invented.length > 0) world.violated('invented', `${topic}: ${invented.join(', ')}`)
    if (exactlyOnce && (expected.ordered || topic === 'dead'))
      for (const values of lanes.values()) {
        const seen = values.filter((value) => records.includes(value))
        const wrong = seen.filter(
          (value, index) => index > 0 && records.indexOf(value) < records.indexOf(seen[index - 1]!),
        )
        if (wrong.length > 0) world.violated('disorder', `${topic}: ${wrong.join(', ')} before the one before`)
      }
  }
}

/** What became of the transactions that errors named as lost, or else of those that are not committed. */
export const fates = (world: World): string => {
  const uncommitted = world.kafka
    .transactions()
    .filter(({ state }) => state === 'CompleteAbort' || state === 'Ongoing')
    .map(({ transactionalId }) => transactionalId)
  const ids = world.losses.named.size > 0 ? [...world.losses.named] : uncommitted
  return ids
    .slice(-3)
    .map((id) => world.transactions.fate(id))
    .join('; ')
}
