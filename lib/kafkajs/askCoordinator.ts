import type { KafkaJsConnections } from './KafkaJsConnections.js'

/**
 * Asks the coordinator of a group, wherever it is now. The first error code among the results fails the attempt.
 *
 * @param isAnswer codes that the caller deals with
 */
export const askCoordinator = async <T extends { readonly errorCode: number }>(
  connections: KafkaJsConnections,
  apiName: string,
  groupId: string,
  ask: (nodeId: number) => Promise<readonly T[]>,
  isAnswer: (errorCode: number) => boolean = () => false,
): Promise<readonly T[]> => {
  const nodeId = await connections.coordinator('group', groupId)
  try {
    const results = await ask(nodeId)
    const failed = results.find(({ errorCode }) => errorCode !== 0 && !isAnswer(errorCode))
    if (failed === undefined) return results
    throw connections.brokerError(failed.errorCode, { api: apiName, groupId, ...whichPartition(failed) })
  } catch (error) {
    connections.forgetCoordinator('group', groupId)
    throw error
  }
}

const whichPartition = (result: object): { topic?: string; partition?: number } =>
  'topic' in result && 'partition' in result ? { topic: String(result.topic), partition: Number(result.partition) } : {}
