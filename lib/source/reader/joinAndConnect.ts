import { Observable, ReplaySubject } from 'rxjs'
import type { CheckpointedSource } from '../../checkpoint/SourceAttempt.js'
import type { KafkaClient } from '../../client/KafkaClient.js'
import type { KafkaSplitsOptions } from '../KafkaSourceOptions.js'
import { connectSource } from './connectSource.js'
import { joinCheckpoints } from './joinCheckpoints.js'
import type { ReaderContext } from './ReaderContext.js'
import type { ReaderEvent } from './readerPhase.js'

/** What the coordinator and the pipeline may ask of the reader; called at any time. */
export type AskedReader = Required<Pick<CheckpointedSource, 'wake' | 'requestEnd' | 'waiting'>>

type Joining = Pick<ReaderContext<unknown>, 'config' | 'uid' | 'subtaskIndex' | 'parallelism' | 'metrics'>

/**
 * Joins the checkpoints and connects, side by side: emits that either is done, and what fails of it, also later. The attempt waits for the
 * client: one that cannot reach a broker takes over from no other.
 */
export const joinAndConnect = (
  { config, uid, subtaskIndex, parallelism, metrics }: Joining,
  options: KafkaSplitsOptions,
  asked: AskedReader,
): Observable<ReaderEvent<never>> =>
  new Observable((subscriber) => {
    const fail = (error: unknown): void => subscriber.next({ _tag: 'Fails', error })
    const connected = new ReplaySubject<KafkaClient>(1)
    const source = { uid, subtaskIndex, parallelism, prepare: () => connected, ...asked }
    subscriber.add(
      joinCheckpoints(options.checkpoints, source).subscribe({
        next: (joined) => {
          subscriber.next({ _tag: 'Joined', joined })
          subscriber.add(joined.attempt?.failed$.subscribe(fail))
        },
        error: fail,
      }),
    )
    subscriber.add(
      connectSource(config, options, metrics.consumerGroup).subscribe({
        next: (client) => {
          subscriber.next({ _tag: 'Connected', client })
          connected.next(client)
          connected.complete()
        },
        error: (error: unknown) => {
          // First the stream: it ends with the reason, and not with what follows from it.
          fail(error)
          connected.error(error)
        },
      }),
    )
  })
