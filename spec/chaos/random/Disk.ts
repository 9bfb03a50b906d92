import type { CheckpointStorage } from '../../../lib/checkpoint/store/CheckpointStorage.js'
import { memoryStorage } from '../../../lib/checkpoint/store/memoryStorage.js'

/** Where the checkpoints of a job lie. It outlives processes; it can be deleted, and put back to an older copy. */
export class Disk {
  private readonly texts = new Map<string, string>()
  readonly storage: CheckpointStorage = memoryStorage(this.texts)

  empty(): void {
    this.texts.clear()
  }

  /** Takes a copy. Returns the way back to it. */
  backup(): () => void {
    const copy = [...this.texts]
    return () => {
      this.empty()
      for (const [key, text] of copy) this.texts.set(key, text)
    }
  }
}
