import type { FormerTransactions, Inheritance } from '../../stream/TwoPhaseCommit.js'
import type { JobShare } from '../JobShare.js'
import type { SubtaskKey } from '../SubtaskKey.js'
import type { FormerHolder, IdBlock, SinkRecord } from '../store/AttemptLedger.js'
import type { StoredCheckpoint, StoredTransaction } from '../store/CheckpointStore.js'
import { fromStored } from '../storedState.js'

/** A sink of one subtask. */
export interface SinkIdentity extends SubtaskKey {
  /** What its transactional ids begin with. */
  readonly name: string
}

/** What an attempt found as it began, and the sinks that it has. A value. */
export interface RecoveryScope {
  readonly restored: StoredCheckpoint | undefined
  readonly share: JobShare
  readonly former: readonly FormerHolder[]
  readonly sinks: readonly SinkIdentity[]
}

/** The sinks that have to join: those of transactions that are prepared, and those that former attempts had. */
export const expectedSinks = (scope: Omit<RecoveryScope, 'sinks'>): readonly SubtaskKey[] => {
  const prepared = Object.entries(uncommitted(scope.restored)).flatMap(([uid, transactions]) =>
    transactions.map(({ subtaskIndex }) => ({ uid, subtaskIndex: heirOf(scope, subtaskIndex) })),
  )
  const recorded = scope.former.flatMap(({ sinks, subtasks }) =>
    sinks.flatMap(({ uid }) => subtasks.map((subtask) => ({ uid, subtaskIndex: heirOf(scope, subtask) }))),
  )
  return [...prepared, ...recorded].filter(({ subtaskIndex }) => scope.share.subtasks.includes(subtaskIndex))
}

/** What a sink has to see to: its own, and where it is the first of its subtask, what no other one claims. */
export const inheritanceOf = (scope: RecoveryScope, sink: SinkIdentity): Inheritance => {
  const { restored, sinks } = scope
  const isFirst = sinks.find(({ subtaskIndex }) => subtaskIndex === sink.subtaskIndex) === sink
  const isClaimed = (name: string): boolean =>
    sinks.some((one) => one.name === name && one.subtaskIndex === sink.subtaskIndex)
  const orphans = isFirst
    ? orphanUids(scope).map((uid) => ({ uid, states: statesFor(scope, sink, restored?.states[uid] ?? []) }))
    : []
  return {
    orphans: orphans.filter(({ states }) => states.length > 0),
    former: formerTransactions(scope).filter(
      ({ name, subtaskIndex }) =>
        heirOf(scope, subtaskIndex) === sink.subtaskIndex && (name === sink.name || (isFirst && !isClaimed(name))),
    ),
  }
}

/** Whether the restored checkpoint holds transactions that a sink has to commit. */
export const hasTransactions = (scope: RecoveryScope, sink: SinkIdentity): boolean => {
  const own = uncommitted(scope.restored)[sink.uid] ?? []
  return (
    own.some(({ subtaskIndex }) => heirOf(scope, subtaskIndex) === sink.subtaskIndex) ||
    inheritanceOf(scope, sink).orphans.length > 0
  )
}

/** There are transactions of former attempts that no sink of this one can end: they end by their time-out. */
export const abandonsTransactions = (scope: RecoveryScope): boolean =>
  formerTransactions(scope).some(
    ({ subtaskIndex }) => !scope.sinks.some((one) => one.subtaskIndex === heirOf(scope, subtaskIndex)),
  )

const formerTransactions = ({ restored, former, sinks: own }: RecoveryScope): readonly FormerTransactions[] =>
  former.flatMap(({ attemptId, subtasks, blocks, sinks, unrecorded }) => {
    const names = new Set([
      ...sinks.map(({ name }) => name),
      // Before release 0.2 attempts did not say what their sinks were called.
      ...(unrecorded ? own.map(({ name }) => name) : []),
    ])
    return [...names].flatMap((name) =>
      subtasks.map((subtaskIndex) => ({
        ...{ attemptId, name, subtaskIndex, unrecorded },
        blocks: without(
          sinks.find((sink) => sink.name === name && sink.subtaskIndex === subtaskIndex)?.passedOver ?? [],
          blocks,
        ),
        states: statesOfSinks(
          restored,
          sinks.filter((sink) => sink.name === name),
        ),
      })),
    )
  })

/** The subtask of this attempt that looks after one of a former parallelism. */
const heirOf = ({ share }: Pick<RecoveryScope, 'share'>, formerSubtask: number): number =>
  formerSubtask % share.parallelism

/** Sinks with prepared transactions that this attempt does not have. */
const orphanUids = ({ restored, sinks }: RecoveryScope): readonly string[] =>
  Object.keys(uncommitted(restored)).filter((uid) => !sinks.some((one) => one.uid === uid))

const statesFor = (
  scope: RecoveryScope,
  { subtaskIndex }: SinkIdentity,
  states: readonly unknown[],
): readonly unknown[] =>
  states.filter((state, former) => isState(state) && heirOf(scope, former) === subtaskIndex).map(fromStored)

const statesOfSinks = (
  restored: StoredCheckpoint | undefined,
  sinks: readonly Pick<SinkRecord, 'uid'>[],
): readonly unknown[] => {
  const uids = [...new Set(sinks.map(({ uid }) => uid))]
  return uids
    .flatMap((uid) => restored?.states[uid] ?? [])
    .filter(isState)
    .map(fromStored)
}

const isState = (state: unknown): boolean => state !== null && state !== undefined

const without = (passedOver: readonly IdBlock[], blocks: readonly IdBlock[]): readonly IdBlock[] =>
  passedOver.reduce((left, hole) => left.flatMap((block) => around(hole, block)), blocks)

/** What is left of a block on both sides of a hole. */
const around = (hole: IdBlock, { first, last }: IdBlock): readonly IdBlock[] =>
  [
    { first, last: Math.min(last, hole.first - 1) },
    { first: Math.max(first, hole.last + 1), last },
  ].filter((part) => part.first <= part.last)

/** By uid, the transactions of a checkpoint that are not known to be committed. */
const uncommitted = (
  checkpoint: StoredCheckpoint | undefined,
): Readonly<Record<string, readonly StoredTransaction[]>> =>
  Object.fromEntries(
    Object.entries(checkpoint?.prepared ?? {}).flatMap(([uid, transactions]) => {
      const open = transactions.filter(({ id }) => checkpoint?.committed[uid]?.includes(id) !== true)
      return open.length === 0 ? [] : [[uid, open]]
    }),
  )
