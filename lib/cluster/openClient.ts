import { Observable } from 'rxjs'
import type { KafkaClient } from '../client/KafkaClient.js'
import type { Cluster } from './Cluster.js'
import { ClusterClient } from './ClusterClient.js'

/** Starts a cluster, and emits its client when a broker has answered. Unsubscribing ends the wait, and closes what is open by then. */
export const openClient = (cluster: Cluster): Observable<KafkaClient> =>
  new Observable((subscriber) => {
    let started = false
    const starting = cluster.start().subscribe({
      error: (error: unknown) => subscriber.error(error),
      complete: () => {
        started = true
        subscriber.next(new ClusterClient(cluster))
        subscriber.complete()
      },
    })
    return () => {
      starting.unsubscribe()
      if (!started) cluster.close().subscribe({ error: () => undefined })
    }
  })
