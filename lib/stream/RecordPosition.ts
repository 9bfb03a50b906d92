/** Where a record was read: what a message about it says. */
export interface RecordPosition {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** To be kept: what a source says of itself is valid until its call returns. */
export const copyOfPosition = (position: RecordPosition | undefined): RecordPosition | undefined =>
  position === undefined ? undefined : { topic: position.topic, partition: position.partition, offset: position.offset }
