/**
 * Records a second of the codecs alone, by CPU time of one core: `npx tsx bench/codec.ts`. Absolute figures move by 30 % between
 * hours; compare within one run.
 */
import { noHeaders } from '../lib/client/Headers.js'
import { crc32c } from '../lib/protocol/crc32c.js'
import { decodeRecordBatches } from '../lib/protocol/decodeRecordBatches.js'
import { encodeRecordBatch } from '../lib/protocol/encodeRecordBatch.js'
import { RecordBatchBuilder } from '../lib/protocol/RecordBatchBuilder.js'
import type { NamedPartitionResponse } from '../lib/protocol/requests/fetch.js'

const seconds = 0.5
const rounds = 3

/** The median over some rounds of how often `once` can be done in a second of CPU, times `units`. */
const perSecond = (units: number, once: () => unknown): number => {
  const rates: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const start = process.cpuUsage()
    let times = 0
    let spent = 0
    while (spent < seconds * 1e6) {
      for (let i = 0; i < 10; i++) once()
      times += 10
      spent = process.cpuUsage(start).user
    }
    if (round > 0) rates.push((times * units * 1e6) / spent)
  }
  return rates.sort((a, b) => a - b)[rounds >> 1]!
}

const report = (what: string, rate: number, unit: string): void => {
  console.log(`${what.padEnd(58)} ${(rate / 1e6).toFixed(2).padStart(8)} ${unit}`)
}

const value = 'x'.repeat(100)
const valueBytes = Buffer.from(value)
const perBatch = 150
const batches = 60
const records = Array.from({ length: perBatch }, (_, i) => ({ value: valueBytes, timestamp: 1_700_000_000_000 + i }))

/** As a broker answers: batch after batch, offsets rising. */
const fetched = (compression: 'none' | 'gzip'): NamedPartitionResponse => {
  const answer = Array.from({ length: batches }, (_, i) => {
    const batch = encodeRecordBatch({ records, compression })
    batch.writeBigInt64BE(BigInt(i * perBatch), 0)
    return batch
  })
  return {
    topic: 'bench',
    partition: 0,
    errorCode: 0,
    highWatermark: batches * perBatch,
    lastStableOffset: batches * perBatch,
    logStartOffset: 0,
    abortedTransactions: [],
    preferredReadReplica: -1,
    records: Buffer.concat(answer),
  }
}

const plain = fetched('none')
const gzipped = fetched('gzip')

const consume = (response: NamedPartitionResponse, checkCrcs: boolean, asString: boolean) => (): number => {
  const partition = decodeRecordBatches(response, 0, { isolationLevel: 'read_committed', checkCrcs })
  let read = 0
  while (!partition.exhausted) {
    for (const record of partition.take(500)) {
      read += asString
        ? record.buffer.toString('latin1', record.valueStart, record.valueEnd).length
        : record.valueEnd - record.valueStart
    }
  }
  return read
}

const consumeUtf8 = (response: NamedPartitionResponse) => (): number => {
  const partition = decodeRecordBatches(response, 0, { isolationLevel: 'read_committed', checkCrcs: true })
  let read = 0
  while (!partition.exhausted) {
    for (const record of partition.take(500)) {
      read += record.buffer.toString('utf8', record.valueStart, record.valueEnd).length
    }
  }
  return read
}

const builder = new RecordBatchBuilder(16_384)
const produce = (key: Buffer | string | null, bytes: Buffer | string) => (): Buffer => {
  builder.reset()
  for (let i = 0; i < perBatch && builder.append(key, bytes, noHeaders, 1_700_000_000_000 + i); i++);
  return builder.build()
}

const block = Buffer.alloc(16_384, 'some bytes')
const all = perBatch * batches
report(
  'crc32c, 16 KiB',
  perSecond(block.length, () => crc32c(block)),
  'MB/s',
)
report('decode, positions only, no CRC', perSecond(all, consume(plain, false, false)), 'M records/s')
report('decode, positions only, CRC', perSecond(all, consume(plain, true, false)), 'M records/s')
report('decode, value as latin1 string, CRC', perSecond(all, consume(plain, true, true)), 'M records/s')
report('decode, value as UTF-8 string, CRC', perSecond(all, consumeUtf8(plain)), 'M records/s')
report('decode, gzip, positions only, CRC', perSecond(all, consume(gzipped, true, false)), 'M records/s')
report('encode, value as Buffer', perSecond(perBatch, produce(null, valueBytes)), 'M records/s')
report('encode, value as string', perSecond(perBatch, produce(null, value)), 'M records/s')
report('encode, key and value as strings', perSecond(perBatch, produce('key-1234', value)), 'M records/s')
