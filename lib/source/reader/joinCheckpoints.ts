import { map, type Observable, of } from 'rxjs'
import type { CheckpointCoordinator } from '../../checkpoint/CheckpointCoordinator.js'
import type { CheckpointedSource, SourceAttempt } from '../../checkpoint/SourceAttempt.js'
import type { Restored } from '../../stream/Restored.js'
import { withoutCheckpoints } from './withoutCheckpoints.js'

/** What an attempt starts from, and its part in the checkpoints if there are any. */
export interface JoinedCheckpoints {
  readonly restored: Restored
  readonly attempt?: SourceAttempt | undefined
}

/** Emits once: when the coordinator has restored, or at once without one. */
export const joinCheckpoints = (
  checkpoints: CheckpointCoordinator | undefined,
  source: CheckpointedSource & { requestEnd(): void },
): Observable<JoinedCheckpoints> =>
  checkpoints === undefined
    ? of({ restored: withoutCheckpoints(() => source.requestEnd()) })
    : checkpoints.join(source).pipe(map((attempt) => ({ restored: attempt.restored, attempt })))
