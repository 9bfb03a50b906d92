import type { TopicPartition } from '../client/TopicPartition.js'
import type { Cluster } from './Cluster.js'
import type { Leader } from './ClusterMetadata.js'

/**
 * Looks who leads a partition in trouble now, and calls back if that is another one, or another term of the same. A look that fails
 * is not told: the back-off ends in a retry, and that in the next look.
 *
 * @param formerOf who led it when it got into trouble, as known when the answer comes; undefined when there was no leader
 */
export const onLeaderMoved = (
  cluster: Pick<Cluster, 'refreshMetadata' | 'leaderOf'>,
  { topic, partition }: Pick<TopicPartition, 'topic' | 'partition'>,
  formerOf: () => Leader | undefined,
  moved: () => void,
): void => {
  cluster.refreshMetadata([topic]).subscribe({
    next: () => {
      const leader = cluster.leaderOf(topic, partition)
      if (leader === undefined) return
      const former = formerOf()
      if (leader.nodeId !== former?.nodeId || leader.leaderEpoch !== former.leaderEpoch) moved()
    },
    error: () => undefined,
  })
}
