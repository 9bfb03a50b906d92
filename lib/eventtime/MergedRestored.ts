import type { PipelinePart } from '../stream/PipelinePart.js'
import type { RecordPosition } from '../stream/RecordPosition.js'
import type { Restored } from '../stream/Restored.js'

/** The `Restored` of the inputs of a merge as one: what goes back through it reaches all of them, those that come later too. */
export class MergedRestored {
  private readonly all: Restored[] = []
  /** Each once: the splits of a source bring one and the same, and with many of them it is asked between any two records. */
  private readonly emittings = new Set<NonNullable<Restored['emitting']>>()
  /** Of the pipeline behind the merge: every input's source is to know them. */
  private readonly parts: PipelinePart[]
  private endRequested = false

  /** @param merge itself, as a part of the pipeline */
  constructor(merge: PipelinePart) {
    this.parts = [merge]
  }

  /** There was none yet. */
  get none(): boolean {
    return this.all.length === 0
  }

  /** The one to be emitted; undefined when it has been. */
  add(restored: Restored): Restored | undefined {
    this.all.push(restored)
    if (restored.emitting !== undefined) this.emittings.add(restored.emitting)
    if (this.endRequested) restored.requestEnd()
    for (const part of this.parts) restored.present?.(part)
    return this.all.length > 1 ? undefined : this.combined(restored)
  }

  private combined(restored: Restored): Restored {
    return {
      kind: 'restored',
      checkpointId: restored.checkpointId,
      checkpointing: restored.checkpointing,
      subtask: restored.subtask,
      beginning: () => restored.beginning?.() ?? (() => undefined),
      twoPhaseCommit: restored.twoPhaseCommit,
      stateOf: (uid) => restored.stateOf(uid),
      statesOf: (uid) => restored.statesOf(uid),
      committedOf: (uid) => restored.committedOf(uid),
      markCommitted: (uid, ids) => restored.markCommitted(uid, ids),
      requestEnd: () => {
        this.endRequested = true
        for (const one of this.all) one.requestEnd()
      },
      present: (part) => {
        this.parts.push(part)
        for (const one of this.all) one.present?.(part)
      },
      emitting: () => this.emitting,
    }
  }

  /** Of all inputs one emits at a time; an element that was held is emitted between the records of all. */
  private get emitting(): RecordPosition | undefined {
    for (const emitting of this.emittings) {
      const position = emitting()
      if (position !== undefined) return position
    }
    return undefined
  }
}
