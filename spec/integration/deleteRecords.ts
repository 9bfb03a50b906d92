import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { eventually } from '../../lib/conformance/client/ContractScene.js'
import { type KafkaCluster, tools } from '../support/kafka/startKafka.js'

/** Moves the beginning of each partition by Kafka's own tool; resolves when the segments before are gone from the disk. */
export const deleteRecords = async (kafka: KafkaCluster, topic: string, before: readonly number[]): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'rx-kafka-delete-'))
  try {
    const file = join(folder, 'offsets.json')
    writeFileSync(
      file,
      JSON.stringify({ version: 1, partitions: before.map((offset, partition) => ({ topic, partition, offset })) }),
    )
    const { stdout, stderr, code } = await kafka.tool(tools.DeleteRecordsCommand, [
      ...['--bootstrap-server', kafka.bootstrapServers],
      ...['--offset-json-file', file],
    ])
    if (code !== 0 || /error/i.test(stdout)) throw new Error(`kafka-delete-records failed: ${stdout}${stderr}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  for (const [partition, offset] of before.entries()) {
    const segments = (): number[] =>
      readdirSync(join(kafka.brokers[0]!.dataFolder, `${topic}-${partition}`))
        .filter((file) => file.endsWith('.log'))
        .map((file) => Number.parseInt(file, 10))
        .sort((a, b) => a - b)
    // Of the segments that begin at or before the offset the last is needed.
    const check = (starts: number[]): void => expect(starts.filter((start) => start <= offset).length).toBeLessThan(2)
    await eventually(() => Promise.resolve(segments()), check, 30_000)
  }
}
