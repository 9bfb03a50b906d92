/** Where a record was read: what a message about it says. */
export interface RecordPosition {
  /** as in Kafka */
  readonly topic: string
  /** counted from 0 */
  readonly partition: number
  /** of the record itself, not of the next one */
  readonly offset: number
}

/** To be kept: what a source says of itself is valid until its call returns. */
export const copyOfPosition = (position: RecordPosition | undefined): RecordPosition | undefined =>
  position === undefined ? undefined : { topic: position.topic, partition: position.partition, offset: position.offset }
