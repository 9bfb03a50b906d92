import { filter, map } from 'rxjs'
import type { Observable } from 'rxjs'
import { isKafkaError } from '../client/KafkaError.js'
import type { MemoryKafka, MemoryRecord } from '../memory/MemoryKafka.js'

/** What each call of a client makes visible to readers of committed records of a topic, by partition and offset. */
export function committedRecords(kafka: MemoryKafka, topic: string): Observable<readonly MemoryRecord[]> {
  /** by partition: the offset from which on nothing was visible yet */
  const seen = new Map<number, number>()
  return kafka.calls$.pipe(
    filter(({ api, moment }) => moment === 'after' && mayCommit.has(api)),
    map(() => {
      const fresh = recordsOf(kafka, topic).filter(({ partition, offset }) => offset >= (seen.get(partition) ?? 0))
      for (const { partition, offset } of fresh) seen.set(partition, offset + 1)
      return fresh
    }),
    filter((fresh) => fresh.length > 0),
  )
}

/** None of a topic that does not exist: a job may wait for it, or make it. */
const recordsOf = (kafka: MemoryKafka, topic: string): readonly MemoryRecord[] => {
  try {
    return kafka.records(topic)
  } catch (error) {
    if (isKafkaError(error) && error.codeName === 'UNKNOWN_TOPIC_OR_PARTITION') return []
    throw error
  }
}

/** Calls that can move the last stable offset of a partition. */
const mayCommit: ReadonlySet<string> = new Set(['Produce', 'EndTxn', 'InitProducerId'])
