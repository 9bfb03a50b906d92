import { ConsumerRecord } from '../client/ConsumerRecord.js'
import type { Offset } from '../client/Offset.js'
import { corruptRecords } from './corruptRecords.js'
import { CONTRADICTION, LEGACY_OVERHEAD, LegacyMessage } from './LegacyMessage.js'
import { LENGTH_AT } from './RecordBatch.js'
import type { RecordReader } from './RecordReader.js'

/** The compressed message that a set of messages was inflated from. */
export interface Wrapper {
  readonly message: LegacyMessage
  /** the checksums of the messages in it are checked */
  readonly checkCrcs: boolean
}

/**
 * The records of messages of format 0 and 1: of one that stands in the log by itself, or of those that were compressed into one.
 * As Kafka's `AbstractLegacyRecordBatch` reads them:
 *
 * - within a wrapper of format 0 they have their own offsets; within one of format 1 they count from 0, and the wrapper has the
 *   offset of the last (KIP-31);
 * - a wrapper with the time of append has it for all of them;
 * - the last one may be cut, and is passed over then.
 */
export class LegacyRecords implements RecordReader {
  private readonly end: number
  private readonly shift: number
  private readonly lastOffset: Offset
  /** Of format 1: it says for all of them what kind of timestamp they have. */
  private readonly dated: LegacyMessage | undefined
  private next: Offset

  constructor(
    private readonly topic: string,
    private readonly partition: number,
    private readonly bytes: Buffer,
    private position: number,
    end: number,
    private readonly wrapper?: Wrapper,
  ) {
    const last = this.lastMessage(end)
    this.end = last.end
    this.lastOffset = (wrapper?.message ?? last).offset
    this.next = 0
    this.shift = wrapper === undefined || wrapper.message.magic === 0 ? 0 : this.shiftTo(last.offset)
    this.dated = wrapper?.message.magic === 1 ? wrapper.message : undefined
  }

  get exhausted(): boolean {
    return this.position >= this.end
  }

  get nextOffset(): Offset {
    return this.next
  }

  read(into: ConsumerRecord[], max: number, from: Offset): void {
    while (into.length < max && !this.exhausted) {
      const message = new LegacyMessage(this.bytes, this.position)
      const offset = message.offset + this.shift
      this.position = message.end
      if (LEGACY_OVERHEAD[message.magic] === undefined) throw this.corrupt('hold a message of another format')
      if (this.wrapper !== undefined && message.compression !== 'none')
        throw this.corrupt('hold compressed messages within compressed ones')
      if (!isOffset(message.offset)) throw this.corrupt('hold an offset that cannot be')
      if (offset < from || offset < this.next) continue
      if (offset > this.lastOffset) throw this.corrupt('hold an offset beyond their own')
      const problem = this.wrapper?.checkCrcs === true ? message.wrongCrc() : undefined
      if (problem !== undefined) throw this.corrupt(problem)
      into.push(this.recordOf(message, offset))
      this.next = offset + 1
    }
  }

  private recordOf(message: LegacyMessage, offset: Offset): ConsumerRecord {
    const { fields } = message
    if (fields === undefined) throw this.corrupt(CONTRADICTION)
    const dated = message.magic === 0 ? message : (this.dated ?? message)
    const { timestampType } = dated
    return new ConsumerRecord({
      topic: this.topic,
      partition: this.partition,
      offset,
      timestamp: timestampType === 'LogAppendTime' ? dated.timestamp : message.timestamp,
      timestampType,
      leaderEpoch: message.leaderEpoch,
      buffer: this.bytes,
      keyStart: fields.keyStart,
      keyEnd: fields.keyEnd,
      valueStart: fields.valueStart,
      valueEnd: fields.valueEnd,
      headersStart: message.end,
      decodeHeaders: null,
    })
  }

  /** Of those that are whole. */
  private lastMessage(end: number): LegacyMessage {
    let last: LegacyMessage | undefined
    for (let at = this.position; end - at >= LENGTH_AT + 4;) {
      const message = new LegacyMessage(this.bytes, at)
      if (message.end - at < LEGACY_OVERHEAD[0]!) throw this.corrupt('hold a message that is too short')
      if (message.end > end) break
      if (message.end - at < (LEGACY_OVERHEAD[message.magic] ?? 0))
        throw this.corrupt('hold a message that is too short')
      last = message
      at = message.end
    }
    return last ?? this.fail('hold no message')
  }

  /** From the offsets of messages that count from 0 to those of the log. */
  private shiftTo(lastInner: Offset): number {
    if (!isOffset(lastInner)) throw this.corrupt('hold an offset that cannot be')
    if (lastInner > this.lastOffset) throw this.corrupt('hold more offsets than their own allows')
    return this.lastOffset - lastInner
  }

  private fail(problem: string): never {
    throw this.corrupt(problem)
  }

  private corrupt(problem: string): Error {
    return corruptRecords(this.topic, this.partition, this.wrapper?.message.offset ?? this.next, problem)
  }
}

const isOffset = (offset: number): boolean => offset >= 0 && Number.isSafeInteger(offset)
