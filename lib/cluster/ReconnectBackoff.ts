import type { KafkaConfig } from '../client/KafkaConfig.js'
import { exponentialBackoff } from './exponentialBackoff.js'

export type ReconnectConfig = Pick<
  KafkaConfig,
  'connectionTimeoutMs' | 'connectionTimeoutMaxMs' | 'reconnectBackoffMs' | 'reconnectBackoffMaxMs'
>

/**
 * Paces the attempts to connect to one broker, as Kafka's own client does (`ClusterConnectionStates`).
 *
 * After a connection was lost or could not be made, the next attempt waits for `reconnect.backoff.ms`, and twice as long each
 * time up to `reconnect.backoff.max.ms`, give or take 20 %: a thousand clients of a broker that comes back do not knock at
 * once. An attempt gets more time, too, up to `socket.connection.setup.timeout.max.ms`: a broker that is slow to let us in
 * would otherwise never do it (KIP-601). A connection that works ends both.
 */
export class ReconnectBackoff {
  private failures = 0
  private notBefore = -Infinity

  /** @param random in [0, 1) */
  constructor(
    private readonly config: ReconnectConfig,
    private readonly random: () => number = Math.random,
  ) {}

  /** ms that the next attempt may take, from the socket to the login. */
  get setupTimeoutMs(): number {
    const { connectionTimeoutMs: first, connectionTimeoutMaxMs: longest = Math.max(first, 30_000) } = this.config
    return this.failures === 0 ? first : this.grown(first, longest, this.failures + 1)
  }

  /** ms until the next attempt. */
  waitMs(now: number): number {
    return Math.max(0, this.notBefore - now)
  }

  /** The connection was lost, or could not be made. */
  failed(now: number): void {
    const { reconnectBackoffMs = 50, reconnectBackoffMaxMs = 1000 } = this.config
    this.failures++
    this.notBefore = now + this.grown(reconnectBackoffMs, reconnectBackoffMaxMs, this.failures)
  }

  succeeded(): void {
    this.failures = 0
  }

  private grown(first: number, longest: number, attempt: number): number {
    return exponentialBackoff({ retryBackoffMs: first, retryBackoffMaxMs: longest }, attempt, this.random())
  }
}
