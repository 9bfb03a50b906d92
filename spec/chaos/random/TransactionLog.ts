import type { MemoryKafka, ObservedCall } from '../../../lib/memory/MemoryKafka.js'

interface Written {
  readonly topic: string
  readonly partition: number
  readonly from: number
  readonly to: number
}

/** What has happened to one transactional id, as the broker saw it. */
interface Entry {
  /** by its last transaction: a pooled id has many */
  readonly written: Written[]
  /** when its open transaction began, and for whom; undefined while none is open */
  opened: { readonly at: number; readonly process: string } | undefined
  /** the last InitProducerId: who, when, and whether it met an open transaction */
  initialised: { readonly at: number; readonly process: string; readonly aborted: boolean } | undefined
}

/** Which records each transaction wrote, and what became of it: what a broker knows and does not tell. */
export class TransactionLog {
  private readonly entries = new Map<string, Entry>()
  private readonly ends = new Map<string, number>()

  constructor(
    private readonly kafka: MemoryKafka,
    private readonly now: () => number,
  ) {}

  observe({ api, moment, transactionalId, topic, partition = 0, clientId }: ObservedCall): void {
    if (moment !== 'after') return
    if (api === 'Produce' && topic !== undefined) this.produced(topic, partition, transactionalId)
    if (transactionalId === undefined) return
    const entry = this.entry(transactionalId)
    const process = clientId.split('/')[0]!
    if (api === 'AddPartitionsToTxn' && entry.opened === undefined) {
      entry.opened = { at: this.now(), process }
      entry.written.length = 0
    }
    if (api === 'EndTxn') entry.opened = undefined
    if (api === 'InitProducerId') {
      entry.initialised = { at: this.now(), process, aborted: entry.opened !== undefined }
      entry.opened = undefined
    }
  }

  /** Open transactions of these processes. */
  open(isMeant: (process: string) => boolean): readonly string[] {
    return this.kafka
      .transactions()
      .filter(({ state, transactionalId }) => {
        const owner = this.entries.get(transactionalId)?.opened?.process
        return state === 'Ongoing' && (owner === undefined || isMeant(owner))
      })
      .map(({ transactionalId }) => transactionalId)
  }

  valuesIn(transactionalId: string): readonly string[] {
    return (this.entries.get(transactionalId)?.written ?? []).flatMap(({ topic, partition, from, to }) =>
      this.kafka
        .records(topic, 'read_uncommitted')
        .filter((record) => record.partition === partition && record.offset >= from && record.offset < to)
        .map(({ value }) => `${topic} ${value}`),
    )
  }

  /** The process that opened the transaction that is open under an id, or has expired. */
  writerOf(transactionalId: string): string | undefined {
    return this.entries.get(transactionalId)?.opened?.process
  }

  /** Why the last transaction of an id is not committed. */
  fate(transactionalId: string): string {
    const { initialised, opened } = this.entries.get(transactionalId) ?? {}
    if (opened !== undefined) return `${transactionalId} of ${opened.process} open since ${opened.at}`
    if (initialised?.aborted === true)
      return `${transactionalId} aborted by InitProducerId of ${initialised.process} at ${initialised.at}`
    return `${transactionalId} expired or ended`
  }

  /** Whether brokers knew it, and do no longer. */
  isForgotten(transactionalId: string): boolean {
    const known = this.kafka.transactions().some((one) => one.transactionalId === transactionalId)
    return !known && this.entries.has(transactionalId)
  }

  /** Whether readers of committed records see what was written under an id. */
  wasCommitted(transactionalId: string): boolean {
    const written = this.entries.get(transactionalId)?.written ?? []
    return written.every(({ topic, partition, from, to }) =>
      this.kafka
        .records(topic, 'read_committed')
        .some((record) => record.partition === partition && record.offset >= from && record.offset < to),
    )
  }

  /** Whether it was left to its timeout: no InitProducerId aborted it. */
  expired(transactionalId: string): boolean {
    return this.entries.get(transactionalId)?.initialised?.aborted !== true
  }

  private produced(topic: string, partition: number, transactionalId: string | undefined): void {
    const key = `${topic}-${partition}`
    const to = this.kafka.endOffsets(topic)[partition] ?? 0
    const from = this.ends.get(key) ?? 0
    this.ends.set(key, to)
    if (transactionalId !== undefined && to > from)
      this.entry(transactionalId).written.push({ topic, partition, from, to })
  }

  private entry(transactionalId: string): Entry {
    const found = this.entries.get(transactionalId)
    if (found !== undefined) return found
    const entry: Entry = { written: [], opened: undefined, initialised: undefined }
    this.entries.set(transactionalId, entry)
    return entry
  }
}
