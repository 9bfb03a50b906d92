import { defer, map, Observable, tap } from 'rxjs'
import type { CheckpointStore, StoredAttempt } from '../../lib/checkpoint/store/CheckpointStore.js'
import type { ConnectKafka } from '../../lib/client/KafkaClient.js'

/**
 * Where a crash hurts: a transaction is open; it is flushed and its checkpoint is not stored; the checkpoint is stored and the
 * transaction is not committed; it is committed and that is not noted.
 */
export const CRASH_POINTS = ['open', 'prepared', 'stored', 'committed'] as const

/**
 * Where a process may be stopped and woken beside its successor: these, and: the next transaction is about to be initialised;
 * the checkpoint is about to be written; its transaction's commit has just been sent.
 */
export const STOP_POINTS = [...CRASH_POINTS, 'initialising', 'storing', 'committing'] as const

export type CrashPoint = (typeof STOP_POINTS)[number]

/** Tells of the crash points that lie in the store. */
export const watchedStore = (store: CheckpointStore, at: (point: CrashPoint) => void): CheckpointStore => ({
  begin: (request) =>
    store.begin(request).pipe(
      map((attempt): StoredAttempt => ({
        ...attempt,
        complete: (checkpoint) =>
          defer(() => {
            at('storing')
            return attempt.complete(checkpoint).pipe(tap(() => at('stored')))
          }),
        markCommitted: (checkpointId, uid, ids) =>
          defer(() => {
            at('committed')
            return attempt.markCommitted(checkpointId, uid, ids)
          }),
      })),
    ),
})

/** Tells of the crash points that lie in the client. */
export const watchedClient =
  (connect: ConnectKafka, at: (point: CrashPoint) => void): ConnectKafka =>
  (config) =>
    connect(config).pipe(
      tap((client) => {
        const make = client.transactionalProducer.bind(client)
        client.transactionalProducer = (transactionalId, producerConfig) => {
          const producer = make(transactionalId, producerConfig)
          const init = producer.init.bind(producer)
          const commit = producer.commit.bind(producer)
          producer.init = () =>
            defer(() => {
              at('initialising')
              return init()
            })
          producer.commit = () =>
            new Observable((subscriber) => {
              subscriber.add(commit().subscribe(subscriber))
              at('committing')
            })
          return producer
        }
      }),
    )
