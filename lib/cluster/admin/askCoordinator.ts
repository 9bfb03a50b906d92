import { catchError, concatMap, map, type Observable, throwError } from 'rxjs'
import type { Cluster } from '../Cluster.js'

/**
 * Asks the coordinator of a group, wherever it is now. The first error code among the results fails the attempt.
 *
 * @param isAnswer codes that the caller deals with
 */
export const askCoordinator = <T extends { readonly errorCode: number }>(
  cluster: Cluster,
  apiName: string,
  groupId: string,
  ask: (nodeId: number) => Observable<readonly T[]>,
  isAnswer: (errorCode: number) => boolean = () => false,
): Observable<readonly T[]> =>
  cluster.coordinators.of('group', groupId).pipe(
    concatMap((nodeId) =>
      ask(nodeId).pipe(
        map((results) => {
          const failed = results.find(({ errorCode }) => errorCode !== 0 && !isAnswer(errorCode))
          if (failed === undefined) return results
          throw cluster.brokerError(failed.errorCode, { api: apiName, groupId, ...whichPartition(failed) })
        }),
        catchError((error: unknown) => {
          cluster.coordinators.forget('group', groupId)
          return throwError(() => error)
        }),
      ),
    ),
  )

const whichPartition = (result: object): { topic?: string; partition?: number } =>
  'topic' in result && 'partition' in result ? { topic: String(result.topic), partition: Number(result.partition) } : {}
