import type { Observable } from 'rxjs'
import type { KafkaError } from '../../client/KafkaError.js'
import { initProducerIdApi } from '../../protocol/requests/initProducerId.js'
import { toKafkaError } from '../toKafkaError.js'
import type { ProducerIdentity } from './ProducerIdentity.js'

/** Who is told what came of an {@link IdentityRequest}: the sender. */
export interface IdentityListener {
  fail(error: KafkaError): void
  wake(): void
}

/** The identity of a producer: asked for when it is first wanted, and again when it was given up. */
export class IdentityRequest {
  current: ProducerIdentity | undefined
  private asking = false

  /** @param ask cold; InitProducerId */
  constructor(
    private readonly ask: () => Observable<ProducerIdentity>,
    private readonly listener: () => IdentityListener,
  ) {}

  /** undefined: it is being asked for, and the listener is woken when it is there. */
  currentOrAsk(): ProducerIdentity | undefined {
    if (this.current === undefined && !this.asking) this.begin()
    return this.current
  }

  private begin(): void {
    this.asking = true
    this.ask().subscribe({
      next: (identity) => {
        this.current = identity
      },
      error: (error: unknown) => {
        this.asking = false
        this.listener().fail(toKafkaError(error, initProducerIdApi.apiName))
      },
      complete: () => {
        this.asking = false
        this.listener().wake()
      },
    })
  }
}
