import type { CheckpointStorage } from '../../../lib/checkpoint/store/CheckpointStorage.js'
import { memoryStorage } from '../../../lib/checkpoint/store/memoryStorage.js'

/** Where the checkpoints of a job lie. It outlives processes; it can be deleted, and put back to an older copy. */
export class Disk {
  private readonly texts = new Map<string, string>()
  readonly storage: CheckpointStorage = memoryStorage(this.texts)

  empty(): void {
    this.texts.clear()
  }

  /** What the transactional ids begin with that attempts have recorded. */
  get sinkNames(): ReadonlySet<string> {
    const sinks = [...this.texts].filter(([key]) => key.endsWith('/sinks.json'))
    return new Set(sinks.flatMap(([, text]) => [...text.matchAll(/"name":\s*"([^"]*)"/g)].map(([, name]) => name!)))
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
