import { KafkaError } from '../../client/KafkaError.js'

/**
 * @param transactionalId the id that shows it
 * @param ownPrefix the prefix of the sink, when the id may have one that the sink had before
 */
export const foreignPrefix = (
  prefix: string,
  subtaskIndex: number,
  transactionalId: string,
  ownPrefix = prefix,
): KafkaError =>
  new KafkaError({
    _tag: 'Fenced',
    message:
      `The transactional id prefix "${prefix}" (subtask ${subtaskIndex}) was used for what this checkpoint store does not know of: ${transactionalId}. ` +
      (prefix === ownPrefix
        ? 'Either another job uses the prefix: give each job a prefix of its own (setTransactionalIdPrefix). '
        : `This job had that prefix before it was given "${ownPrefix}". Either another job has used it as well. `) +
      "Or the store was put back to an older copy, a checkpoint that cannot be read was passed over (onCorrupt: 'previous'), or the job " +
      'was started from an older savepoint: going on from there may write records a second time; ' +
      "setPrefixInUsePolicy('takeOver') accepts that.",
    retriable: false,
    fatal: true,
    transactionalId,
  })
