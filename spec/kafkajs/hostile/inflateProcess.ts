/**
 * A process of its own: reads a topic whose few bytes become many, one record at a time of each partition in turn, and prints how
 * much memory it took. `tsx inflateProcess.ts <address> <partitions> <records of each> <fetch.max.decompressed.bytes>`
 */
import { lastValueFrom, reduce } from 'rxjs'
import { KafkaSource, OffsetsInitializer } from '../../../lib/index.js'
import { peakMemory } from '../../support/peakMemory.js'

const [address = '', partitions, records, maxBytes = ''] = process.argv.slice(2)
const all = (offset: number) =>
  OffsetsInitializer.offsets(
    Object.fromEntries(Array.from({ length: Number(partitions) }, (_, i) => [`zeros-${i}`, offset] as const)),
  )
const source = KafkaSource.builder<number>()
  .setBootstrapServers(address)
  .setTopics('zeros')
  .setStartingOffsets(all(0))
  .setBounded(all(Number(records)))
  .setValueOnlyDeserializer({ deserialize: () => 0, deserializeFrom: (_, start, end) => end - start })
  .setProperties({ 'max.poll.records': 1, 'fetch.max.decompressed.bytes': maxBytes })
  .build()
const read = await lastValueFrom(source.records().pipe(reduce((sum, bytes) => sum + bytes, 0)))
process.stdout.write(`${JSON.stringify({ read, peak: peakMemory() })}\n`)
