import { KafkaError } from '../client/KafkaError.js'
import type { Offset } from '../client/Offset.js'

/** The error for records of a partition that cannot be what a producer wrote. */
export const corruptRecords = (
  topic: string,
  partition: number,
  offset: Offset,
  problem: string,
  cause?: unknown,
): KafkaError =>
  new KafkaError({
    _tag: 'Corrupt',
    message:
      `The records of ${topic}-${partition} at offset ${offset} ${problem}. Most likely a disk of the leader is damaged: ` +
      'compare with another replica (kafka-dump-log.sh), move the leader, or start behind this batch.',
    topic,
    partition,
    offset,
    cause,
  })
