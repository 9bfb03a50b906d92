import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { CompressionType } from '../../../lib/client/KafkaConfig.js'
import { batchAt } from '../../support/encodedBatches.js'
import { FakeCluster } from '../support/FakeCluster.js'

const MiB = 1 << 20
const tsx = createRequire(join(process.cwd(), 'package.json')).resolve('tsx')

/** Each has two batches of 32 records of a megabyte. */
const PARTITIONS = 24
const RECORDS = 64

describe('what compressed batches become', () => {
  let cluster: FakeCluster
  beforeEach(async () => {
    cluster = await FakeCluster.start()
    cluster.lead('zeros', ...Array.from({ length: PARTITIONS }, () => 0))
  })
  afterEach(() => cluster.stop())

  // The packages of the other codecs do not load beside the hooks that let Node run TypeScript.
  it.each<CompressionType>(['gzip'])(
    'should be bounded for all partitions together, and read to the end (%s)',
    async (compression) => {
      const records = Array.from({ length: RECORDS / 2 }, () => ({ value: Buffer.alloc(MiB) }))
      const both = [0, RECORDS / 2].map((offset) => batchAt(offset, { records, compression }))
      cluster.onFetch = ({ offset }) =>
        offset < RECORDS
          ? { records: Buffer.concat(both.slice(offset === 0 ? 0 : 1)), highWatermark: RECORDS }
          : undefined
      const script = join(process.cwd(), 'spec/kafkajs/hostile/inflateProcess.ts')
      const args = ['--import', tsx, script, cluster.address, PARTITIONS, RECORDS, 80 * MiB].map(String)
      const { stdout } = await promisify(execFile)(process.execPath, args)
      const { read, peak } = JSON.parse(stdout) as { readonly read: number; readonly peak: number }

      expect(read).toBe(PARTITIONS * RECORDS * MiB)
      // Two batches at a time, one of them twice while it is made, and Node itself. All first ones are 768 MiB.
      expect(peak).toBeLessThan(450 * MiB)
    },
    120_000,
  )
})
