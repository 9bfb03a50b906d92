import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import type { Interception } from './Interception.js'
import type { Pace } from './PacedPipe.js'
import { ProxiedConnection, type Swallowed } from './ProxiedConnection.js'

/** What the network is like. Nothing said: it is fine. */
export interface Conditions extends Pace {
  /** Accepts connections and swallows what is sent, for good: it does not arrive when conditions change either. */
  readonly blackhole?: Swallowed
  /** Nobody listens any more; connections that are there stay, unless `cut` ends them. */
  readonly refuse?: boolean
}

/**
 * A TCP proxy before one broker, on 127.0.0.1, that knows Kafka's framing (without TLS). It rewrites nothing: the broker must
 * advertise the proxy's port, as it does with `startKafka({ clientListener: true })`.
 *
 *     const proxy = await KafkaProxy.start({ port: 20_001, target: { host: '127.0.0.1', port: 20_002 } })
 *     await proxy.become({ delayMs: 50, bytesPerSecond: 100_000 })
 *     await proxy.become({ blackhole: 'responses' })
 *     await proxy.become({ refuse: true }); proxy.cut()
 *     await proxy.become({})
 *     const lost = Interception.loseResponse('EndTxn', { times: 2 })
 *     proxy.intercept(lost); await lost.done
 *     await proxy.stop()
 */
export class KafkaProxy {
  private conditions: Conditions = {}
  private readonly connections = new Set<ProxiedConnection>()
  private readonly interceptions = new Set<Interception>()
  private readonly server: Server

  private constructor(
    private readonly port: number,
    target: { readonly host: string; readonly port: number },
    /** told at interceptions: whose proxy this is */
    readonly brokerId: number,
  ) {
    this.server = createServer((client) => {
      const connection = new ProxiedConnection(client, target, {
        pace: () => this.conditions,
        swallows: () => this.conditions.blackhole,
        judge: (apiKey, moment) => this.judge(apiKey, moment),
      })
      this.connections.add(connection)
      client.on('close', () => this.connections.delete(connection))
    })
  }

  static async start(settings: {
    readonly port: number
    readonly target: { readonly host: string; readonly port: number }
    readonly brokerId?: number
  }): Promise<KafkaProxy> {
    const proxy = new KafkaProxy(settings.port, settings.target, settings.brokerId ?? 0)
    await proxy.listen()
    return proxy
  }

  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  /** From now on; replaces all conditions that were. */
  async become(conditions: Conditions): Promise<void> {
    this.conditions = conditions
    if (conditions.refuse === true) this.server.close()
    else if (!this.server.listening) await this.listen()
  }

  /** Ends the connections there are. */
  cut(how: 'fin' | 'rst' = 'rst'): void {
    for (const connection of this.connections) connection.cut(how)
  }

  /** Until it is done, or `forget` is called. One interception may wait at several proxies. */
  intercept(interception: Interception): void {
    this.interceptions.add(interception)
  }

  forget(interception: Interception): void {
    this.interceptions.delete(interception)
  }

  async stop(): Promise<void> {
    this.cut()
    if (!this.server.listening) return
    this.server.close()
    await once(this.server, 'close')
  }

  private async listen(): Promise<void> {
    this.server.listen(this.port, '127.0.0.1')
    await once(this.server, 'listening')
  }

  private judge(apiKey: number, moment: 'request' | 'response') {
    for (const interception of this.interceptions) {
      if (interception.judge(apiKey, moment, this) === 'cut') return 'cut' as const
    }
    return 'pass' as const
  }
}
