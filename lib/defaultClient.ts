import type { ConnectKafka } from './client/KafkaClient.js'
import { connectKafkaJs } from './kafkajs/connectKafkaJs.js'

/** The one file that says which client is the default. Sources and sinks take another by their `connect` option. */
export const defaultConnect: ConnectKafka = connectKafkaJs
