import type { Observable } from 'rxjs'
import type { KafkaClient } from '../../client/KafkaClient.js'
import { defaultConnect } from '../../defaultClient.js'
import type { MetricGroup } from '../../metrics/MetricGroup.js'
import type { KafkaSourceConfig } from '../KafkaSourceConfig.js'
import type { KafkaSplitsOptions } from '../KafkaSourceOptions.js'

/** The one client of a subtask, under a name of its own: `<client.id.prefix>-<subtask>`. */
export const connectSource = (
  { consumer, rackIdSupplier }: Pick<KafkaSourceConfig<unknown>, 'consumer' | 'rackIdSupplier'>,
  { connect = defaultConnect, scheduler, subtaskIndex = 0 }: KafkaSplitsOptions,
  metrics: MetricGroup,
): Observable<KafkaClient> => {
  const { client, clientIdPrefix } = consumer
  const clientId = `${clientIdPrefix ?? 'KafkaSource'}-${subtaskIndex}`
  const rack = rackIdSupplier?.() || client.rack
  return connect({ ...client, clientId, rack, metrics, scheduler })
}
