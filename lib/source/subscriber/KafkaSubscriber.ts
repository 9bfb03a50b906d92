import type { Observable } from 'rxjs'
import type { KafkaAdmin } from '../../client/KafkaAdmin.js'
import type { TopicPartition } from '../../client/TopicPartition.js'

/** Says which partitions are read: of those that are there, those that are subscribed to. Asked at every discovery; an error fails that discovery. */
export interface KafkaSubscriber {
  /** for messages: `TopicListSubscriber` */
  readonly name: string
  /** Acts once per subscription, emits one value. */
  partitions(admin: KafkaAdmin): Observable<readonly TopicPartition[]>
  /**
   * Throws when what was subscribed to by name was not found: a topic that is misspelt is not waited for. What was there before and
   * is gone now is no fault of the subscription: see `setRemovedPartitionsPolicy`. A retriable `KafkaError` says that it may come.
   *
   * @param wasThere whether a partition was found before, in this attempt or in the one of the checkpoint
   */
  check?(found: readonly TopicPartition[], wasThere: (partition: TopicPartition) => boolean): void
}
