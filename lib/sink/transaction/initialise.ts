import { defer, finalize, map, type Observable } from 'rxjs'
import type { KafkaClient } from '../../client/KafkaClient.js'
import type { ProducerConfig } from '../../client/KafkaConfig.js'
import type { InitialisedProducer, TransactionalProducer } from '../../client/KafkaProducer.js'

/** A producer whose id is initialised: fenced from former users, nothing open. */
export interface InitialisedTransaction {
  readonly producer: TransactionalProducer
  readonly identity: InitialisedProducer
}

/** Initialises a transactional id. Whatever was open under it is aborted. Acts once per subscription. */
export const initialise = (
  client: KafkaClient,
  config: ProducerConfig,
  transactionalId: string,
): Observable<InitialisedTransaction> =>
  defer(() => {
    const producer = client.transactionalProducer(transactionalId, config)
    let initialised = false
    return producer.init().pipe(
      map((identity) => {
        initialised = true
        return { producer, identity }
      }),
      finalize(() => {
        if (!initialised) producer.close().subscribe({ error: () => undefined })
      }),
    )
  })
