import * as either from 'fp-ts/lib/Either.js'
import type { ProducerRecord } from '../../lib/index.js'
import { parseFlight } from '../flights/Flight.js'
import { readFlights } from '../flights/flightsData.js'

export const DEPARTURES = 'departures'
export const PARTITIONS = 4

/**
 * The flights in the order in which they left: each is told of at its departure, and belongs to the time at which it should have
 * departed. So more than half of them come out of order, a few by many hours. Those of an airport share a partition; the last
 * partition has none.
 */
export const departures = (): readonly ProducerRecord[] =>
  readFlights()
    .flatMap((value) =>
      either.match(
        () => [],
        ({ date, delay, origin }: { date: number; delay: number; origin: string }) => [
          { left: date + delay * 60_000, record: { topic: DEPARTURES, partition: partitionOf(origin), value } },
        ],
      )(parseFlight(value)),
    )
    .sort((a, b) => a.left - b.left)
    .map(({ record }) => record)

const partitionOf = (airport: string): number =>
  Array.from(airport).reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % (PARTITIONS - 1)
