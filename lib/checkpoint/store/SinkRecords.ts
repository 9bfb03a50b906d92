import { result, type Step } from '../../scheduling/coroutine.js'
import type { SinkRecord } from './AttemptLedger.js'
import { sinksFile, toText } from './CheckpointFile.js'
import type { CheckpointStorage } from './CheckpointStorage.js'
import type { StoreReader } from './StoreReader.js'
import { type AttemptEntry, keysOfAttempt } from './storeKeys.js'
import { unknownOwners } from './unknownOwners.js'

/** What an attempt has recorded of its sinks, and what it knows of those of others. */
export class SinkRecords {
  private readonly key: string
  private sinks: readonly SinkRecord[] = []
  /** Of attempts that are gone: who owns the ids of a subtask or a sink that this attempt does not have. */
  private handedOn: readonly SinkRecord[] = []

  constructor(
    private readonly storage: CheckpointStorage,
    private readonly reader: StoreReader,
    /** the attempt's */
    private readonly name: string,
  ) {
    this.key = keysOfAttempt(name).sinks
  }

  *ofOthers(): Generator<Step, readonly SinkRecord[]> {
    const sinks: SinkRecord[] = []
    for (const key of yield* result(this.storage.list('attempt-')))
      if (key.endsWith('/sinks.json') && key !== this.key) sinks.push(...(yield* this.reader.sinksAt(key)))
    return sinks
  }

  *record(sinks: readonly SinkRecord[]): Generator<Step, void> {
    this.sinks = sinks
    const { handedOn, storage, key } = this
    yield* result(storage.write(key, toText(sinksFile, [...sinks, ...unknownOwners(handedOn, sinks)])))
  }

  /** What attempts know of owners must outlive them: a later one may have their subtask, or their sink, again. */
  *takeOver(obsolete: readonly AttemptEntry[], kept: readonly AttemptEntry[]): Generator<Step, void> {
    const theirs: SinkRecord[] = []
    for (const { folder, hasSinks } of obsolete)
      if (hasSinks) theirs.push(...(yield* this.reader.sinksAt(keysOfAttempt(folder).sinks)))
    if (theirs.length === 0) return
    const known = [...this.sinks, ...this.handedOn]
    for (const { folder, hasSinks, name } of kept)
      if (hasSinks && name !== this.name) known.push(...(yield* this.reader.sinksAt(keysOfAttempt(folder).sinks)))
    const missing = unknownOwners(theirs, known)
    if (missing.length === 0) return
    this.handedOn = [...this.handedOn, ...missing.map((record) => ({ ...record, handedOn: true }))]
    yield* this.record(this.sinks)
  }
}
