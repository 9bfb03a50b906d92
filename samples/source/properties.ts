import { of } from 'rxjs'
import { KafkaSource, type Logger, SimpleStringSchema } from '../../lib/index.js'
import type { Sample } from './Sample.js'

/** Kafka's properties under Kafka's names: all that is wrong with them at once, and what has no effect. Nothing connects for it. */
export const properties: Sample = () => {
  const told: string[] = []
  const tell = (message: string): void => void told.push(message)
  const logger: Logger = { debug: tell, info: tell, warn: tell, error: tell }

  const builder = () =>
    KafkaSource.builder()
      .setTopics('flights')
      .setGroupId('properties')
      .setValueOnlyDeserializer(new SimpleStringSchema())
      .setLogger(logger)
      .setProperties({ 'fetch.min.bytes': 1, 'session.timeout.ms': 10_000, 'fetch.max.byte': 1_000_000 })

  const wrong = builder().setBootstrapServers('localhost').setProperty('isolation.level', 'serializable').buildEither()
  const faults = wrong._tag === 'Left' ? wrong.left.map(({ message }) => message) : []
  builder().setBootstrapServers('localhost:9092').build()
  return of(...faults, ...told)
}
