import { CheckpointError } from '../CheckpointError.js'

/**
 * The phases of a checkpoint:
 *
 * 1. `triggered`: its barriers are on their way.
 * 2. `acknowledged`: every barrier is acknowledged, every announced snapshot is in; the store writes.
 * 3. `stored`: durable. A restore finds it from here on, whatever becomes of this attempt.
 * 4. `completed`: its outcome is told.
 *
 * or `aborted`, from anywhere before `stored`.
 */
export type CheckpointPhase = 'triggered' | 'acknowledged' | 'stored' | 'completed' | 'aborted'

const transitions: Readonly<Record<CheckpointPhase, readonly CheckpointPhase[]>> = {
  triggered: ['acknowledged', 'aborted'],
  acknowledged: ['stored', 'aborted'],
  stored: ['completed'],
  completed: [],
  aborted: [],
}

/** The phase after; throws `IllegalState` naming both when the table does not allow it. */
export const enterPhase = (from: CheckpointPhase, to: CheckpointPhase): CheckpointPhase => {
  if (transitions[from].includes(to)) return to
  throw new CheckpointError('IllegalState', `A checkpoint that is ${from} cannot become ${to}.`)
}

/** Whether a checkpoint can still be given up. */
export const canAbort = (phase: CheckpointPhase): boolean => transitions[phase].includes('aborted')
