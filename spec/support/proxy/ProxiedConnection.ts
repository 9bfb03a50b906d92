import { connect, type Socket } from 'node:net'
import { FrameReader, requestHeader, responseCorrelationId } from './frames.js'
import type { Verdict } from './Interception.js'
import { type Pace, PacedPipe } from './PacedPipe.js'

export type Swallowed = 'requests' | 'responses' | 'both'

export interface ConnectionRules {
  readonly pace: () => Pace
  readonly swallows: () => Swallowed | undefined
  readonly judge: (apiKey: number, moment: 'request' | 'response') => Verdict
}

/** A client's socket, ours to the broker, and the frames between. */
export class ProxiedConnection {
  private readonly broker: Socket
  private readonly toBroker: PacedPipe
  private readonly toClient: PacedPipe
  /** API keys of requests that are not answered, by correlation id */
  private readonly asked = new Map<number, number>()

  constructor(
    private readonly client: Socket,
    target: { readonly host: string; readonly port: number },
    private readonly rules: ConnectionRules,
  ) {
    this.broker = connect(target)
    this.toBroker = new PacedPipe(this.broker, rules.pace)
    this.toClient = new PacedPipe(client, rules.pace)
    for (const socket of [client, this.broker]) {
      socket.setNoDelay(true)
      // An error is followed by a close, which is what counts.
      socket.on('error', () => undefined)
    }
    this.carry(client, this.toBroker, (frame) => this.request(frame))
    this.carry(this.broker, this.toClient, (frame) => this.response(frame))
  }

  /** `fin` as a process that ends, `rst` as one that is gone. What is on its way is lost. */
  cut(how: 'fin' | 'rst' = 'rst'): void {
    for (const pipe of [this.toBroker, this.toClient]) pipe.destroy()
    for (const socket of [this.client, this.broker]) {
      if (how === 'rst') socket.resetAndDestroy()
      else socket.end(() => socket.destroy())
    }
  }

  private carry(from: Socket, pipe: PacedPipe, goesOn: (frame: Buffer) => Verdict | 'swallow'): void {
    const frames = new FrameReader()
    from.on('data', (chunk: Buffer) => {
      for (const frame of frames.push(chunk)) {
        const verdict = goesOn(frame)
        if (verdict === 'cut') return this.cut()
        if (verdict === 'pass') pipe.write(frame)
      }
    })
    from.on('close', () => pipe.end())
  }

  private request(frame: Buffer): Verdict | 'swallow' {
    const { apiKey, correlationId } = requestHeader(frame)
    const verdict = this.rules.judge(apiKey, 'request')
    if (verdict === 'cut') return verdict
    if (['requests', 'both'].includes(this.rules.swallows() ?? '')) return 'swallow'
    this.asked.set(correlationId, apiKey)
    return verdict
  }

  private response(frame: Buffer): Verdict | 'swallow' {
    const correlationId = responseCorrelationId(frame)
    const apiKey = this.asked.get(correlationId) ?? -1
    this.asked.delete(correlationId)
    const verdict = this.rules.judge(apiKey, 'response')
    if (verdict === 'cut') return verdict
    return ['responses', 'both'].includes(this.rules.swallows() ?? '') ? 'swallow' : verdict
  }
}
