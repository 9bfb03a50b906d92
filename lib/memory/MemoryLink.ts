import { Observable, type Subscriber } from 'rxjs'
import { isKafkaError } from '../client/KafkaError.js'
import type { BrokerMetadata } from '../protocol/requests/metadata.js'
import { connectionLost } from '../cluster/connectionErrors.js'
import { FetchSession } from './FetchSession.js'

/**
 * A connection to one broker in memory, for one purpose, from its first request until it breaks or is closed. Then all that is in flight on it
 * is an error, as on a socket; what has reached the broker still has its effect.
 */
export class MemoryLink {
  /** what the broker has answered on this connection */
  readonly session = new FetchSession()
  private readonly inFlight = new Set<Subscriber<never>>()
  private ended = false
  private deaf = false

  constructor(readonly broker: BrokerMetadata) {}

  get name(): string {
    return `${this.broker.host}:${this.broker.port}`
  }

  /** Broken or closed: the next request takes another one. */
  get isOver(): boolean {
    return this.ended
  }

  /** It broke before a request arrived, so those behind it do not arrive either. */
  get isDeaf(): boolean {
    return this.deaf
  }

  /** The response, as long as the connection lasts. An error of the connection is its end. */
  carry<R>(response$: Observable<R>): Observable<R> {
    return new Observable((response) => {
      this.inFlight.add(response)
      response.add(() => this.inFlight.delete(response))
      response.add(
        response$.subscribe({
          next: (value) => response.next(value),
          complete: () => response.complete(),
          error: (error: unknown) => {
            response.error(error)
            if (isEnd(error)) this.end('another request on it was lost')
          },
        }),
      )
    })
  }

  /** A request was lost on its way. */
  deafen(): void {
    this.deaf = true
  }

  /** What is in flight is an error. @param why a clause */
  end(why: string): void {
    if (this.ended) return
    this.ended = true
    for (const response of [...this.inFlight]) response.error(connectionLost(this.name, why))
  }
}

/** Of the connection, and not of the broker. */
export const isEnd = (error: unknown): boolean =>
  isKafkaError(error) && error.code === undefined && (error._tag === 'Connection' || error._tag === 'Timeout')
