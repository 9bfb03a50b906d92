import { defer, firstValueFrom, lastValueFrom, map, type Observable, retry } from 'rxjs'
import { ANY_BROKER, type Brokers, type SendOptions } from '../../../lib/cluster/Brokers.js'
import { ErrorCodes } from '../../../lib/protocol/errorCodes.js'
import type { KafkaApi } from '../../../lib/protocol/requests/KafkaApi.js'
import { type BrokerMetadata, metadataApi, type MetadataResponse } from '../../../lib/protocol/requests/metadata.js'

/** A leader or a coordinator that was just made loads for a moment, and the end of a transaction takes one. */
const notYet: ReadonlySet<number> = new Set([
  ErrorCodes.NOT_LEADER_OR_FOLLOWER,
  ErrorCodes.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCodes.COORDINATOR_NOT_AVAILABLE,
  ErrorCodes.NOT_COORDINATOR,
  ErrorCodes.CONCURRENT_TRANSACTIONS,
])

/** A cluster of one broker, asked request by request. */
export class BrokersUnderTest {
  private constructor(
    private readonly brokers: Brokers,
    readonly broker: BrokerMetadata,
    readonly metadata: MetadataResponse,
  ) {}

  static async open(brokers: Brokers): Promise<BrokersUnderTest> {
    const metadata = await lastValueFrom(brokers.send(ANY_BROKER, 'control', metadataApi, { topics: [] }))
    brokers.retain(metadata.brokers)
    return new BrokersUnderTest(brokers, metadata.brokers[0]!, metadata)
  }

  any<Q, R>(api: KafkaApi<Q, R>, request: Q, options?: SendOptions): Promise<R> {
    return lastValueFrom(this.brokers.send(ANY_BROKER, 'control', api, request, options))
  }

  /** Once the answer says no more, anywhere in it, that something is not there yet. */
  ask<Q, R>(api: KafkaApi<Q, R>, request: Q): Promise<R> {
    return firstValueFrom(this.asked(api, request))
  }

  close(): Promise<undefined> {
    return lastValueFrom(this.brokers.close(), { defaultValue: undefined })
  }

  private asked<Q, R>(api: KafkaApi<Q, R>, request: Q): Observable<R> {
    return defer(() => this.brokers.send(this.broker, 'control', api, request)).pipe(
      map((answer) => {
        if (saysNotYet(answer)) throw new Error(`${api.apiName} is not answered yet`)
        return answer
      }),
      retry({ count: 200, delay: 50 }),
    )
  }
}

const saysNotYet = (answer: unknown): boolean => {
  if (typeof answer !== 'object' || answer === null) return false
  if ('errorCode' in answer && notYet.has(answer.errorCode as number)) return true
  return Object.values(answer).some(saysNotYet)
}
