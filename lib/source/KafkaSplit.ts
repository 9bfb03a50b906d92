import type { Observable } from 'rxjs'
import type { TopicPartition } from '../client/TopicPartition.js'
import type { StreamElement } from '../stream/StreamElement.js'

/** A partition that is assigned to this subtask. */
export interface KafkaSplit<T> {
  /** `topic-partition` */
  readonly id: string
  /** The partition itself. */
  readonly topicPartition: TopicPartition
  /**
   * Its elements, `Restored` first. Cold: nothing is fetched until it is subscribed to, which can be done once in an attempt; a
   * second time is a `StreamError` `SubscribedTwice`. Unsubscribing gives the split up until the next attempt. The attempt lasts as
   * long as `splits()` or any split is listened to; a split that is first subscribed to later is a `StreamError` `SubscribedTooLate`.
   */
  readonly elements: Observable<StreamElement<T>>
}
