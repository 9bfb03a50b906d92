/** A node that votes in the KRaft quorum, at its controller port. */
export interface Voter {
  readonly id: number
  readonly port: number
}

/** A listener for clients beside the one that brokers use: who listens at the advertised port stands between. */
export interface ClientListener {
  readonly port: number
  readonly advertisedPort: number
}

/** A further listener by its name, `SSL`, `SASL_SSL`, …; what it takes to speak it is in `config`. */
export interface SecureListener {
  readonly protocol: string
  readonly port: number
}

/** What tells one broker from another. */
export interface BrokerSettings {
  readonly id: number
  readonly port: number
  readonly voters: readonly Voter[]
  /** how many brokers there are: as many as voters by default */
  readonly nodes?: number
  readonly folder: string
  readonly rack?: string | undefined
  readonly clientListener?: ClientListener | undefined
  readonly secureListeners?: readonly SecureListener[]
  readonly config: Readonly<Record<string, string>>
}

/**
 * A `server.properties` of a broker, small and quick to start, that is a controller too if it is among the voters. Of Kafka's own topics
 * several nodes keep several copies, so that any one of them may go.
 */
export const serverProperties = ({
  id,
  port,
  voters,
  nodes = voters.length,
  folder,
  rack,
  clientListener,
  secureListeners = [],
  config,
}: BrokerSettings): string => {
  const controller = voters.find((voter) => voter.id === id)
  const secure = secureListeners.map(({ protocol, port: at }) => `${protocol}://127.0.0.1:${at}`)
  const copies = Math.min(3, nodes)
  return lines({
    'process.roles': controller === undefined ? 'broker' : 'broker,controller',
    'node.id': id,
    listeners: [
      `PLAINTEXT://127.0.0.1:${port}`,
      ...(controller === undefined ? [] : [`CONTROLLER://127.0.0.1:${controller.port}`]),
      ...(clientListener === undefined ? [] : [`CLIENTS://127.0.0.1:${clientListener.port}`]),
      ...secure,
    ].join(),
    'advertised.listeners': [
      `PLAINTEXT://127.0.0.1:${port}`,
      ...(clientListener === undefined ? [] : [`CLIENTS://127.0.0.1:${clientListener.advertisedPort}`]),
      ...secure,
    ].join(),
    'listener.security.protocol.map': [
      'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,CLIENTS:PLAINTEXT',
      ...secureListeners.map(({ protocol }) => `${protocol}:${protocol}`),
    ].join(),
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.voters': voters.map((voter) => `${voter.id}@127.0.0.1:${voter.port}`).join(','),
    'log.dirs': folder,
    ...(rack === undefined ? {} : { 'broker.rack': rack }),
    'group.initial.rebalance.delay.ms': 0,
    'offsets.topic.num.partitions': 4,
    'offsets.topic.replication.factor': copies,
    'transaction.state.log.num.partitions': 4,
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': 1,
    'log.cleaner.dedupe.buffer.size': 4 * 1024 * 1024,
    // A broker that was killed may register again when its session is over: 9 s by default.
    'broker.session.timeout.ms': 2_000,
    'broker.heartbeat.interval.ms': 400,
    ...config,
  })
}

const lines = (properties: Readonly<Record<string, string | number>>): string =>
  Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
