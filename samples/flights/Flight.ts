import * as either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'

/** `2001/01/01 00:47`, taken as UTC, to ms since the epoch. */
const FlightDate = new t.Type<number, string>(
  'a date like 2001/01/01 00:47',
  t.number.is,
  (input, context) => {
    const match = typeof input === 'string' ? /^(\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d)$/.exec(input) : null
    if (match === null) return t.failure(input, context)
    const [year, month, day, hour, minute] = match.slice(1).map(Number) as [number, number, number, number, number]
    return t.success(Date.UTC(year, month - 1, day, hour, minute))
  },
  (ms) => new Date(ms).toISOString(),
)

const Airport = t.refinement(t.string, (code) => /^[A-Z]{3}$/.test(code), 'an airport of three letters')
const Miles = t.refinement(t.number, (miles) => miles > 0, 'a distance above 0 miles')

/** Nothing leaves more than 45 minutes before its time: such a record is a mistake of whoever wrote it down. */
const Delay = t.refinement(
  t.number,
  (minutes) => minutes >= -45 && minutes < 24 * 60,
  'a delay from -45 minutes to a day',
)

/** One line of flights-20k.json. */
export const Flight = t.strict({
  date: FlightDate,
  delay: Delay,
  distance: Miles,
  origin: Airport,
  destination: Airport,
})

export type Flight = t.TypeOf<typeof Flight>

/** A flight, or why it is none: every fault, in words. */
export const parseFlight = (json: string): either.Either<string, Flight> =>
  pipe(
    either.tryCatch(
      () => JSON.parse(json) as unknown,
      () => 'not JSON',
    ),
    either.flatMap((value) =>
      pipe(
        Flight.decode(value),
        either.mapLeft((errors) => errors.map(fault).join('; ')),
      ),
    ),
  )

const fault = ({ context, value }: t.ValidationError): string => {
  const path = context.map(({ key }) => key).filter((key) => key !== '')
  const { type } = context[context.length - 1] as t.ContextEntry
  return `${path.join('.') || 'the record'} is not ${type.name}: ${JSON.stringify(value)}`
}
