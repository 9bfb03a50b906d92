import { type PartitionLog, partitionLog } from '../client/PartitionLog.js'
import { TopicPartition, topicPartitionKey } from '../client/TopicPartition.js'
import type { FetchPartition } from '../protocol/requests/fetch.js'

/** Where a log begins and ends. */
type LogOffsets = Omit<PartitionLog, 'topicPartition'>

/**
 * What the broker in memory has answered on one connection, so that it says nothing twice: as in a fetch session (KIP-227), a partition
 * without records is worth an answer only when its log begins or ends elsewhere than was answered last.
 */
export class FetchSession {
  private readonly answered = new Map<string, { readonly asked: FetchPartition; readonly log: PartitionLog }>()

  /** Whether this answer without records would say anything new. */
  isNews(asked: FetchPartition, log: LogOffsets): boolean {
    const known = this.known(asked)
    return known === undefined || partitionLog(known.topicPartition, log, known) !== known
  }

  /** It is the answer. */
  note(asked: FetchPartition, log: LogOffsets): void {
    const topicPartition = new TopicPartition(asked.topic, asked.partition)
    this.answered.set(topicPartitionKey(asked), { asked, log: partitionLog(topicPartition, log, undefined) })
  }

  /** At another offset, or in another topic of the name, it was not answered yet. */
  private known(asked: FetchPartition): PartitionLog | undefined {
    const answered = this.answered.get(topicPartitionKey(asked))
    const isSame = answered?.asked.fetchOffset === asked.fetchOffset && answered.asked.topicId === asked.topicId
    return isSame ? answered.log : undefined
  }
}
