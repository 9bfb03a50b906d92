import type { Flight } from './Flight.js'

/** A flight as the topic `flights-by-route` holds it. */
export interface RouteFlight {
  readonly route: string
  readonly departure: string
  readonly delayMinutes: number
  readonly distanceKm: number
  readonly punctuality: 'early' | 'on time' | 'late'
}

export const enrich = ({ date, delay, distance, origin, destination }: Flight): RouteFlight => ({
  route: `${origin}-${destination}`,
  departure: new Date(date + delay * 60_000).toISOString(),
  delayMinutes: delay,
  distanceKm: Math.round(distance * 1.609344),
  punctuality: delay < 0 ? 'early' : delay < 15 ? 'on time' : 'late',
})
