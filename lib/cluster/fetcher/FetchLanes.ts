import type { ConnectionPurpose } from '../Brokers.js'
import type { PartitionFetch } from './PartitionFetch.js'

/** A fetch that is at a broker. */
export interface InFlightFetch {
  readonly nodeId: number
  readonly lane: ConnectionPurpose
  /** comes back at once: data is there */
  readonly immediate: boolean
  readonly partitions: ReadonlyMap<string, PartitionFetch>
}

/** What the next fetch to a broker may use. */
export interface FreeLane {
  readonly lane: ConnectionPurpose
  /** how many stay free beside it */
  readonly others: number
}

/**
 * The fetches of one fetcher that are at brokers.
 *
 * Where a broker answers a connection's requests in turn, two connections to each, its *lanes*, carry one fetch each, so that a long poll of
 * idle partitions never holds up busy ones. Where it does not (brokers in memory), nothing is held up: each partition has a fetch of its
 * own, as soon as it is wanted.
 */
export class FetchLanes {
  readonly all: readonly ConnectionPurpose[]
  private readonly inFlight = new Set<InFlightFetch>()
  private readonly quietRounds = new Map<number, number>()

  /** @param name tells the connections of this fetcher from those of others of the same client */
  constructor(
    name: string,
    private readonly answersInTurn: boolean,
  ) {
    this.all = answersInTurn ? [`fetch ${name}a`, `fetch ${name}b`] : [`fetch ${name}`]
  }

  /** These partitions are to be fetched from one broker: how they travel. */
  fetchesOf(partitions: readonly PartitionFetch[]): readonly (readonly PartitionFetch[])[] {
    return this.answersInTurn ? [partitions] : partitions.map((partition) => [partition])
  }

  /** undefined: nothing can be sent there now. What comes back at once is waited for: then all travel in one fetch again. */
  freeAt(nodeId: number): FreeLane | undefined {
    if (!this.answersInTurn) return { lane: this.all[0]!, others: 1 }
    const there = [...this.inFlight].filter((fetch) => fetch.nodeId === nodeId)
    const [lane, ...others] = this.all.filter((candidate) => there.every((fetch) => fetch.lane !== candidate))
    return lane === undefined || there.some(({ immediate }) => immediate) ? undefined : { lane, others: others.length }
  }

  /** Fetches to this broker in a row that brought nothing. */
  quietRoundsAt(nodeId: number): number {
    return this.quietRounds.get(nodeId) ?? 0
  }

  begin(fetch: InFlightFetch): void {
    this.inFlight.add(fetch)
  }

  end(fetch: InFlightFetch): void {
    this.inFlight.delete(fetch)
  }

  /** @param brought whether the fetch brought anything to be told */
  countRound({ nodeId }: InFlightFetch, brought: boolean): void {
    this.quietRounds.set(nodeId, brought ? 0 : this.quietRoundsAt(nodeId) + 1)
  }
}
