import { describe, expect, it } from '@jest/globals'
import { lastValueFrom, take, timer } from 'rxjs'
import { MemoryCheckpointStore } from '../../lib/index.js'
import { MemoryKafka } from '../../lib/testing/index.js'
import { readFlights } from '../../samples/flights/flightsData.js'
import { parseFlight } from '../../samples/flights/Flight.js'
import { runFlights } from '../../samples/flights/runFlights.js'

const settings = (kafka: MemoryKafka, store = new MemoryCheckpointStore()) => ({
  bootstrapServers: 'memory:9092',
  connect: kafka.connect,
  store,
  checkpointInterval: 50,
  rate: 20_000,
  total: 6_000,
  print: () => undefined,
})

/** Each flight that was replayed, as it should be found: valid ones by route, the others with the reason. */
const expected = (total: number) => {
  const parsed = readFlights().slice(0, total).map(parseFlight)
  return {
    byRoute: parsed.filter(({ _tag }) => _tag === 'Right').length,
    reasons: parsed.flatMap((flight) => (flight._tag === 'Left' ? [flight.left] : [])).sort(),
  }
}

const found = (kafka: MemoryKafka) => ({
  byRoute: kafka.records('flights-by-route').length,
  reasons: kafka
    .records('flights-rejected')
    .map(({ headers }) => String(Buffer.from(headers[0]?.value ?? [])))
    .sort(),
})

describe('the main job', () => {
  it('should put every flight into one of two topics, tell of it, and end', async () => {
    const kafka = new MemoryKafka()
    const lines: string[] = []
    const report = await lastValueFrom(runFlights({ ...settings(kafka), print: (line) => lines.push(line) }).done$)
    expect(found(kafka)).toEqual(expected(6_000))
    expect(report.total).toBe(6_000)
    expect(lines.at(-1)).toMatch(/flights-by-route +\d+\n +flights-rejected +\d+/)
  })

  it('should go on where it was stopped, and double nothing', async () => {
    const kafka = new MemoryKafka()
    const store = new MemoryCheckpointStore()
    const first = runFlights(settings(kafka, store))
    timer(250)
      .pipe(take(1))
      .subscribe(() => first.stop())
    await lastValueFrom(first.done$, { defaultValue: undefined })
    const halfway = kafka.records('flights-by-route').length
    await lastValueFrom(runFlights(settings(kafka, store)).done$)
    expect(halfway).toBeLessThan(6_000)
    expect(found(kafka)).toEqual(expected(6_000))
  })
})

describe('parseFlight', () => {
  const flight = { date: '2001/01/01 00:47', delay: 66, distance: 1750, origin: 'DTW', destination: 'LAS' }

  it('should read a flight', () => {
    expect(parseFlight(JSON.stringify(flight))).toEqual({
      _tag: 'Right',
      right: { ...flight, date: Date.UTC(2001, 0, 1, 0, 47) },
    })
  })

  it('should name every fault of a record', () => {
    const broken = { ...flight, date: 'yesterday', delay: -58, origin: 'Detroit' }
    expect(parseFlight(JSON.stringify(broken))).toEqual({
      _tag: 'Left',
      left:
        'date is not a date like 2001/01/01 00:47: "yesterday"; delay is not a delay from -45 minutes to a day: -58; ' +
        'origin is not an airport of three letters: "Detroit"',
    })
  })

  it('should say what is not JSON', () => {
    expect(parseFlight('{')).toEqual({ _tag: 'Left', left: 'not JSON' })
  })
})
