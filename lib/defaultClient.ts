import type { ConnectKafka } from './client/KafkaClient.js'
import { connectKafkaJs } from './kafkajs/connectKafkaJs.js'

/**
 * The one file that says which client is the default. Sources and sinks take another by their `connect` option.
 *
 * @example
 * ```ts
 * const config = decodeConsumerConfig({ 'bootstrap.servers': 'localhost:9092' })
 * if (isLeft(config)) throw new InvalidConfigError(config.left)
 *
 * defaultConnect(config.right.client)
 *   .pipe(mergeMap((client) => client.admin.listTopics().pipe(finalize(() => client.close().subscribe()))))
 *   .subscribe((topics) => console.log(topics.map(({ name }) => name)))
 * ```
 */
export const defaultConnect: ConnectKafka = connectKafkaJs
