import type { Observable } from 'rxjs'
import type { MemoryKafka } from '../../lib/testing/index.js'

/** A few lines about a Kafka of its own, which is thrown away when they are told. */
export type Sample = (kafka: MemoryKafka) => Observable<string>
