import { concat, concatMap, defer, EMPTY, from, ignoreElements, type Observable } from 'rxjs'
import type { KafkaClient } from '../../client/KafkaClient.js'
import type { Restored } from '../../stream/Restored.js'
import type { SinkEvent } from '../SinkEvent.js'
import type { KafkaCommittable } from './KafkaCommittable.js'
import type { KafkaCommitter } from './KafkaCommitter.js'

/**
 * Commits what the restored checkpoint holds, by resuming each transaction with its stored producer id and epoch, then notes
 * durably that it is done. Must come before any InitProducerId of these ids, which would abort them.
 */
export const recoverCommittables = (
  client: KafkaClient,
  committer: KafkaCommitter,
  uid: string,
  restored: Restored,
  committables: readonly KafkaCommittable[],
): Observable<SinkEvent> => {
  const known = new Set(restored.committedOf(uid))
  const open = committables
    .filter(({ transactionalId }) => !known.has(transactionalId))
    .sort((a, b) => a.checkpointId - b.checkpointId)
  if (open.length === 0) return EMPTY
  const commit = (committable: KafkaCommittable): Observable<SinkEvent> =>
    committer.commit(
      committable,
      defer(() => client.resume(committable.transactionalId, committable.producerId, committable.epoch).commit()),
      true,
    )
  return concat(
    from(open).pipe(concatMap(commit)),
    defer(() =>
      restored.markCommitted(
        uid,
        open.map(({ transactionalId }) => transactionalId),
      ),
    ).pipe(ignoreElements()),
  )
}
