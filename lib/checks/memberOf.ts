/** A member of what is given from outside, whatever that is: undefined where there is none. */
export const memberOf = (given: unknown, name: PropertyKey): unknown =>
  given === null || given === undefined ? undefined : (given as Readonly<Record<PropertyKey, unknown>>)[name]
