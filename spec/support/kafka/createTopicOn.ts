import { type KafkaCluster, tools } from './startKafka.js'

/** Makes a topic of one partition with replicas on these brokers, of which the first leads it; `settings` as `name=value`. */
export const createTopicOn = async (
  kafka: KafkaCluster,
  topic: string,
  replicas: readonly (number | undefined)[],
  settings: readonly string[] = [],
): Promise<void> => {
  const { code, stderr } = await kafka.tool(tools.TopicCommand, [
    ...['--bootstrap-server', kafka.bootstrapServers, '--create', '--topic', topic],
    ...['--replica-assignment', replicas.join(':'), ...settings.flatMap((setting) => ['--config', setting])],
  ])
  if (code !== 0) throw new Error(`The topic was not created: ${stderr}`)
}
