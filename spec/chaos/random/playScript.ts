import { expectedOf } from './expectedOf.js'
import { fates, judge, missing } from './judge.js'
import { nameOfError } from './errorTexts.js'
import type { Outcome } from './Outcome.js'
import type { Script } from './Script.js'
import type { VirtualProcess } from './VirtualProcess.js'
import { World } from './World.js'

/** How often the world is looked at, in ms. */
const LOOK = 100

/** When the last fault is over, and healthy processes run, everything must be there within so long, in ms. */
const QUIET = 20_000

/** How long a job takes to read what there is, at most, in ms. */
const BEGINNING = 5_000

/** How long the end of the job may take, in ms: after a change of the parallelism two starts may each wait for 6 s until the former one is silent. */
const ENDING = 20_000

/** How often attempts must have failed in the quiet to say that a restart does not help. */
const MENDING = 3

/**
 * Plays a script to its end: all that happens, then a quiet time in which healthy processes run, then the end of the job. What readers
 * of committed records see then is held against the model.
 *
 * @param meddle may do what no script can, before anything happens
 */
export const playScript = (script: Script, meddle: (world: World) => void = () => undefined): Outcome => {
  const world = new World(script)
  try {
    world.scheduler.run(({ flush }) => {
      world.scheduler.maxFrames = Infinity
      world.begin()
      meddle(world)
      untilQuiet(world)
      flush()
    })
  } catch (error) {
    world.violated('unhandled', nameOfError(error))
  }
  world.fleet.end()
  const { violations, happenings, events, endedAt, actsSoFar, losses } = world
  return {
    violations,
    happenings,
    took: events.took,
    virtualMs: endedAt,
    acts: actsSoFar,
    reported: losses.reported.size,
    starts: world.fleet.all.length,
  }
}

/** Looks again and again until something is so, or `ms` are over. A job that fails by its own operators has as long again. */
const until = (world: World, ms: number, isSo: () => boolean, then: (so: boolean) => void): void => {
  const since = world.now
  const look = (): void => {
    if (world.over) return
    if (isSo()) then(true)
    else if (world.now >= Math.max(since, world.mishapAt) + ms) then(false)
    else world.scheduler.schedule(look, LOOK)
  }
  look()
}

const untilQuiet = (world: World): void =>
  until(
    world,
    Infinity,
    () => !world.troubled,
    () => {
      world.say('quiet: no more faults')
      world.failures = []
      quiet(world)
    },
  )

const quiet = (world: World): void => {
  const quietAt = world.now
  const expected = expectedOf(world.script)
  const { pipeline, bounded, transactionTimeout, abortInterval } = world.script
  // Windows fire at the end only, the last ones.
  const firing = pipeline.some(({ op }) => op === 'windows')
  const done = (): boolean => {
    world.fleet.heal()
    if (bounded && world.fleet.processes.every(({ end }) => end?._tag === 'completed')) return true
    if (!firing) return missing(world, expected).length === 0
    // One that begins again from scratch, or goes back, has not read what its group has committed before.
    if (!world.inputs.consumed || !world.fleet.processes.every((process) => goesOn(world, process))) return false
    return world.setBackAt === undefined || world.now - quietAt > BEGINNING
  }
  until(world, QUIET, done, (well) => {
    if (well) return ending(world, expected)
    if (world.failures.length >= MENDING && world.setBackAt === undefined) {
      world.violated('beyond restart', `${nameOfError(world.failures.at(-1))} (${fates(world)})`)
      return end(world, expected)
    }
    // Late, or never?
    const late = missing(world, expected)
    until(
      world,
      transactionTimeout + abortInterval + QUIET,
      () => late.length > 0 && missing(world, expected).length === 0,
      (came) => {
        // Transactions of a job whose checkpoints are deleted are left to their timeout.
        if (came && world.setBackAt !== undefined) return ending(world, expected)
        if (came) world.violated('held', `${late.join(', ')} came ${world.now} ms, with the timeout of a transaction`)
        else if (late.length === 0) world.violated('hang', 'The job does not read to the end')
        ending(world, expected)
      },
    )
  })
}

/** Whether the attempt that a process runs has stored a checkpoint, so that it goes back no more, and has committed its offsets since. */
const goesOn = ({ stored, now }: World, process: VirtualProcess): boolean =>
  process.end?._tag === 'completed' ||
  stored.some((one) => one.process === process && one.at > process.attemptAt && one.at <= now - LOOK)

const ending = (world: World, expected: ReturnType<typeof expectedOf>): void => {
  const asked = new Set<unknown>()
  const over = (): boolean => {
    world.fleet.heal()
    for (const process of world.fleet.processes)
      if (!world.script.bounded && process.running && !asked.has(process)) {
        asked.add(process)
        world.fleet.askToStop(process, true, 'end', () => asked.delete(process))
      }
    return world.fleet.processes.every(({ end }) => end?._tag === 'completed')
  }
  until(world, ENDING, over, (well) => {
    if (!well && world.failures.length >= MENDING)
      world.violated('beyond restart', `${nameOfError(world.failures.at(-1))} (${fates(world)})`)
    else if (!well) {
      const left = world.fleet.processes.filter(({ end }) => end?._tag !== 'completed').map(({ name }) => name)
      world.violated('hang', `${left.join(', ')} did not come to its end`)
    }
    if (world.setBackAt === undefined) return end(world, expected)
    // Transactions that only checkpoints knew of which are gone keep readers back until they time out.
    const { transactionTimeout, abortInterval } = world.script
    const seen = (): boolean => missing(world, expected).length === 0
    until(world, transactionTimeout + abortInterval, seen, () => end(world, expected))
  })
}

const end = (world: World, expected: ReturnType<typeof expectedOf>): void => {
  const open = world.openTransactions
  if (open.length > 0 && world.setBackAt === undefined)
    world.violated('open', `${open.map((id) => world.transactions.fate(id)).join(', ')} at the end`)
  // No job of a script has a mistake of its own. Looked at here, since a process without stack cannot report it.
  for (const { end, name } of world.fleet.all)
    if (end?._tag === 'failed' && (end.error instanceof RangeError || end.error instanceof TypeError))
      world.violated('unhandled', `${name} ended with ${nameOfError(end.error)}`)
  judge(world, expected)
  world.end()
}
