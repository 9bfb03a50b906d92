import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from '@jest/globals'
import { ByteArraySchema } from '../../lib/client/schema/ByteArraySchema.js'
import { JsonSchema } from '../../lib/client/schema/JsonSchema.js'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import type { ConsumerRecord } from '../../lib/client/ConsumerRecord.js'
import type { CompressionType } from '../../lib/client/KafkaConfig.js'
import { decodeRecordBatches } from '../../lib/protocol/decodeRecordBatches.js'
import { batchAt, fetched } from '../support/encodedBatches.js'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** More than Node's pool for small buffers, which is no response. */
const LARGE = 20_000
const POOL = 8192

const headers = [{ key: 'h', value: Buffer.alloc(LARGE, 'h') }]
const records = Array.from({ length: 50 }, (_, i) => ({ key: `key ${i}`, value: `"${'v'.repeat(LARGE)}"`, headers }))

const open = (compression: CompressionType) => {
  const bytes = batchAt(0, { records, compression })
  // Of its own: what a spec builds may stand in the pool.
  const response = Buffer.from(new ArrayBuffer(bytes.length))
  bytes.copy(response)
  return decodeRecordBatches(fetched(response), 0, { isolationLevel: 'read_committed', checkCrcs: true }).take(Infinity)
}

const deserializers: Readonly<Record<string, (record: ConsumerRecord) => unknown>> = {
  key: (record) => record.key,
  value: (record) => record.value,
  headers: (record) => record.headers,
  ByteArraySchema: ({ buffer, valueStart, valueEnd }) =>
    new ByteArraySchema().deserializeFrom(buffer, valueStart, valueEnd),
  SimpleStringSchema: ({ buffer, valueStart, valueEnd }) =>
    new SimpleStringSchema().deserializeFrom(buffer, valueStart, valueEnd),
  JsonSchema: ({ buffer, valueStart, valueEnd }) => new JsonSchema().deserializeFrom(buffer, valueStart, valueEnd),
}

/** What is kept of the records of a fetch, and its bytes, if they are still there. */
const keeping = async (keep: (record: ConsumerRecord) => unknown, compression: CompressionType) => {
  // In a function of its own, so that no local variable of this one holds a record.
  const read = () => {
    const taken = open(compression)
    return { kept: taken.map(keep), bytes: new WeakRef(taken[0]!.buffer.buffer) }
  }
  const { kept, bytes } = read()
  await new Promise(setImmediate)
  collectGarbage()
  return { kept, bytes: bytes.deref() }
}

describe.each(Object.entries(deserializers))('%s of a record that is kept', (_, deserialize) => {
  it.each(['none', 'gzip', 'lz4'] as const)('should not keep the fetched bytes (%s)', async (compression) => {
    const { kept, bytes } = await keeping(deserialize, compression)
    expect(kept).toHaveLength(records.length)
    expect(bytes).toBeUndefined()
  })
})

describe('a record that is kept', () => {
  it('should keep the fetched bytes, which is why it is not to be kept', async () => {
    expect((await keeping((record) => record, 'none')).bytes).toBeInstanceOf(ArrayBuffer)
  })
})

describe('key and value of a record', () => {
  it('should be copies no larger than they are, or than the pool', () => {
    for (const { key, value } of open('none')) {
      expect(key!.buffer.byteLength).toBeLessThanOrEqual(POOL)
      expect(value!.buffer.byteLength).toBe(value!.length)
    }
  })
})
