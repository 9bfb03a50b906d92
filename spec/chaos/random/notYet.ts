import type { Feature } from './anyScript.js'
import type { FoundTitle } from './found.js'
import type { ViolationKind } from './Outcome.js'

/**
 * What the library does not survive yet: left out of the random scripts of the specs, or not looked at. A mend takes its lines out; when all
 * three lists are empty, this file goes.
 */
export const notYet: {
  readonly features: readonly Feature[]
  readonly violations: readonly ViolationKind[]
  /** these fail still, which the spec checks too */
  readonly found: readonly FoundTitle[]
} = {
  features: [
    'second start',
    'second start, slow',
    'two starts',
    'sleep, and a successor',
    'store fails for long, and a death',
    'sleep',
    'sleep for long',
    'start that is refused',
    'kill, down for long',
    'stop, down for very long',
    'prefix changes',
    'checkpoints are deleted',
    'another job with the prefix',
    'clock set',
    'store fails for long',
    'commits take long',
    'splits',
    'sinks without their subtask',
  ],
  violations: ['answered early', 'probing'],
  found: [
    'a process that is superseded still has a transactional id to initialise',
    'two processes start at once, and the sinks of the first take longer to connect',
    'a process sleeps longer than transaction.timeout.ms, and has written what no checkpoint holds',
    'a process is down longer than transaction.timeout.ms, and had stored a checkpoint',
    'the store fails longer than transaction.timeout.ms',
    'the wall clock is set back by an hour',
    'each of many starts fails before its first checkpoint',
    'a commit takes as long as a thousand checkpoints',
    'a process exits as soon as stopWithSavepoint answers',
    'a second process is started, whose sinks are refused',
    'it is killed behind a stored checkpoint, and started with another prefix',
    'the directory of its checkpoints is deleted, and it retries',
    'another job uses its prefix',
    'only its sources get their subtask as an option',
    'it is rescaled by splits() to a subtask without a split',
    'one of two sources by splits() has no split',
  ],
}
