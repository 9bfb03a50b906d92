import type { Observable } from 'rxjs'
import type { KafkaAdmin } from '../../client/KafkaAdmin.js'
import type { TopicPartition } from '../../client/TopicPartition.js'

/** Says which partitions are read. Asked at every discovery; an error fails that discovery. */
export interface KafkaSubscriber {
  /** for messages: `TopicListSubscriber` */
  readonly name: string
  /** Acts once per subscription, emits one value. */
  partitions(admin: KafkaAdmin): Observable<readonly TopicPartition[]>
}
