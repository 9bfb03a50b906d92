import { startKafka } from '../spec/support/kafka/startKafka.js'

/** The cluster of KAFKA_BROKERS, or one that is started for this run. */
export const benchKafka = async (): Promise<{ readonly bootstrapServers: string; stop(): Promise<void> }> =>
  startKafka()
