import { firstValueFrom } from 'rxjs'
import type { KafkaAdmin } from '../../../lib/client/KafkaAdmin.js'
import { TopicPartition } from '../../../lib/client/TopicPartition.js'
import { openBrokers } from '../openBrokers.js'
import { clientConfigOf, openClient } from '../openClient.js'
import { addressesOf } from './addressesOf.js'
import { type TransactionMarker, writeTxnMarkersApi } from './writeTxnMarkers.js'
import type { KafkaCluster } from './startKafka.js'

/**
 * Completes what the brokers have decided and not carried out. A coordinator of Kafka 4.4.0 takes a partition that has no leader at
 * the moment for a deleted one (`KRaftMetadataCache.getPartitionLeaderEndpoint`): it writes no marker there and calls the transaction
 * complete, so that readers of committed records stop for good at records that were committed. It meets a transaction that was being
 * committed while the only broker is killed: partitions get their leaders one after the other as it starts.
 *
 * Writes the markers of transactions that are complete at their coordinator and open in a partition of the topic, as the coordinator
 * has ended them.
 *
 * @returns how many were missing
 */
export const writeMissingMarkers = async (kafka: KafkaCluster, topic: string, partitions: number): Promise<number> => {
  const client = await openClient(kafka.bootstrapServers)
  const brokers = openBrokers(clientConfigOf(kafka.bootstrapServers))
  try {
    const missing = await missingMarkers(client.admin, topic, partitions)
    for (const marker of missing) {
      const answers = addressesOf(kafka).map((address) =>
        firstValueFrom(brokers.send(address, 'control', writeTxnMarkersApi, [marker])),
      )
      // Its leader takes it; the others refuse it.
      const codes = (await Promise.all(answers)).flat()
      if (!codes.includes(0)) throw new Error(`A marker was refused: ${codes.join()}`)
    }
    return missing.length
  } finally {
    await firstValueFrom(brokers.close(), { defaultValue: undefined })
    await firstValueFrom(client.close(), { defaultValue: undefined })
  }
}

const missingMarkers = async (
  admin: KafkaAdmin,
  topic: string,
  partitions: number,
): Promise<readonly TransactionMarker[]> => {
  const all = Array.from({ length: partitions }, (_, partition) => new TopicPartition(topic, partition))
  const markers: TransactionMarker[] = []
  for (const [at, producers] of await firstValueFrom(admin.describeProducers(all)))
    for (const { producerId, epoch, coordinatorEpoch = 0, transactionStartOffset } of producers) {
      if (transactionStartOffset === undefined) continue
      const [listed] = await firstValueFrom(admin.listTransactions([], [producerId]))
      if (listed?.state !== 'CompleteCommit' && listed?.state !== 'CompleteAbort') continue
      const partition = Number(at.slice(topic.length + 1))
      const commit = listed.state === 'CompleteCommit'
      markers.push({ producerId, producerEpoch: epoch, commit, topic, partition, coordinatorEpoch })
    }
  return markers
}
