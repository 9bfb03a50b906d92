import type { ProducerConfig } from '../../../../lib/client/KafkaConfig.js'
import type { KafkaError } from '../../../../lib/client/KafkaError.js'
import { ClusterProducer } from '../../../../lib/cluster/producer/ClusterProducer.js'
import { ClientScene, type ClientSceneOptions } from '../../support/ClientScene.js'
import { producerConfig } from '../../support/producerConfig.js'

/** A producer of topic `t`, in virtual time. */
export const producerScene = (config: Partial<ProducerConfig> = {}, options: ClientSceneOptions = {}) => {
  const scene = new ClientScene(options)
  const producer = new ClusterProducer(scene.cluster, producerConfig(config))
  const failures: KafkaError[] = []
  producer.failed$.subscribe((error) => failures.push(error))
  const write = (partition: number, ...values: readonly string[]): void =>
    values.forEach((value) => producer.append({ topic: 't', partition, value }))
  return { scene, producer, failures, write }
}
