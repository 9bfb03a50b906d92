import { SourceError } from '../SourceError.js'

/** A deserializer does what it must not: answer when its call is over. @param what it gave */
export const answeredLate = (what: string): SourceError =>
  new SourceError(
    'Deserialization',
    `The deserializer gave ${what}. It has to answer at once, within its call: asynchronous work belongs behind the source, into ` +
      'mapAsync(project, { concurrency }).',
  )
