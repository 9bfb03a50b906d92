import type { SchedulerLike } from 'rxjs'
import { KafkaError } from '../../../lib/client/KafkaError.js'
import { Fault } from '../../../lib/memory/Fault.js'
import type { MemoryKafka } from '../../../lib/memory/MemoryKafka.js'
import type { ScriptEvent } from './Script.js'

type StoreEvent = ScriptEvent & { do: 'store' }
type BrokerEvent = ScriptEvent & { do: 'broker' }

/** What is out of order at the moment: in the store and at the broker. Each fault ends by itself. */
export class Faults {
  private readonly store = new Set<StoreEvent>()
  private broker = 0
  private readonly leaderless = new Set<string>()

  constructor(
    private readonly scheduler: SchedulerLike,
    private readonly kafka: MemoryKafka,
  ) {}

  get any(): boolean {
    return this.store.size > 0 || this.broker > 0
  }

  breakStore(event: StoreEvent): void {
    this.store.add(event)
    this.scheduler.schedule(() => this.store.delete(event), event.ms)
  }

  storeFault(call: string): 'fail' | 'loseAnswer' | undefined {
    for (const { fault, calls } of this.store) if ((calls === 'all' || calls === call) && fault !== 'slow') return fault
    return undefined
  }

  storeDelay(call: string): number {
    let delay = 0
    for (const { fault, calls, by } of this.store)
      if ((calls === 'all' || calls === call) && fault === 'slow') delay = Math.max(delay, by)
    return delay
  }

  breakBroker({ api, fault, times, by, ms }: BrokerEvent): void {
    const revoke = this.kafka.inject({ api, times }, brokerFaults[fault](by))
    this.broker++
    this.scheduler.schedule(revoke, ms)
    // What was delayed comes later.
    this.scheduler.schedule(() => this.broker--, ms + (fault === 'delay' ? by : 0))
  }

  moveLeader({ topic, partition, ms }: ScriptEvent & { do: 'leader' }): void {
    const place = `${topic}-${partition}`
    // One that has no leader is not asked for one.
    if (this.leaderless.has(place)) return
    this.leaderless.add(place)
    this.scheduler.schedule(() => this.leaderless.delete(place), ms)
    this.kafka.moveLeader(topic, partition, { unavailableMs: ms })
    this.broker++
    this.scheduler.schedule(() => this.broker--, ms)
  }
}

const brokerFaults = {
  fail: () => Fault.fail(),
  loseAnswer: () => Fault.loseAnswer(),
  delay: (by: number) => Fault.delay(by),
  notCoordinator: () =>
    Fault.fail(
      new KafkaError({
        _tag: 'Broker',
        message: 'NOT_COORDINATOR (16): the coordinator has moved.',
        code: 16,
        codeName: 'NOT_COORDINATOR',
        retriable: true,
      }),
    ),
}
