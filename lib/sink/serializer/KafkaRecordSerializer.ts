import type { ProducerRecord } from '../../client/ProducerRecord.js'
import type { KafkaSinkContext } from './KafkaSinkContext.js'

/** Turns an element into a record to write. */
export interface KafkaRecordSerializer<T> {
  /** Topics that it is known to write to: the sink asks for them when it opens, and says so when one is missing. */
  readonly topics?: readonly string[] | undefined
  /** Called by each subtask before its first element. */
  open?(context: KafkaSinkContext): void
  /**
   * `timestamp` is the element's event time in ms, null when it has none. Null drops the element.
   * What it throws fails the job, and so does what is no record: a `KafkaError` `InvalidRecord`, at that element.
   */
  serialize(element: T, context: KafkaSinkContext, timestamp: number | null): ProducerRecord | null
}
