import { result, type Step } from '../../scheduling/coroutine.js'
import type { IdBlock } from './AttemptLedger.js'
import type { CheckpointStorage } from './CheckpointStorage.js'
import type { StoredCheckpoint } from './CheckpointStore.js'
import { createOwned } from './createOwned.js'
import { blockAbove, blockKey, blocksIn } from './storeKeys.js'

/** The blocks of ids that an attempt has reserved. */
export class IdBlocks {
  /** Created, and the store is not asked yet: a store that fails there must not be given more and more blocks. */
  private unconfirmed: IdBlock | undefined

  constructor(
    private readonly storage: CheckpointStorage,
    /** the attempt's */
    private readonly name: string,
  ) {}

  /**
   * First the block is created, then the store is asked: so a process that was stopped in between learns that it is superseded before
   * it uses an id of it, and whoever has taken over cannot have got the same block.
   *
   * @param newest the ids are above all that it knows
   */
  *reserve(newest: StoredCheckpoint | undefined, confirm: () => Generator<Step, void>): Generator<Step, IdBlock> {
    const block = this.unconfirmed ?? (yield* this.create(newest))
    this.unconfirmed = block
    yield* confirm()
    this.unconfirmed = undefined
    return block
  }

  *release(blocks: readonly IdBlock[]): Generator<Step, void> {
    for (const block of blocks) yield* result(this.storage.delete(blockKey(block)))
  }

  private *create({ checkpointId = 0, prepared = {} }: Partial<StoredCheckpoint> = {}): Generator<Step, IdBlock> {
    const restored = Object.values(prepared).flat()
    for (;;) {
      const taken = blocksIn(yield* result(this.storage.list('ids/')))
      const block = blockAbove(
        Math.max(checkpointId, taken.at(-1)?.last ?? 0, ...restored.map((transaction) => transaction.checkpointId)),
      )
      if (yield* createOwned(this.storage, blockKey(block), this.name)) return block
    }
  }
}
