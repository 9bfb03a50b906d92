import { expect } from '@jest/globals'
import { TestScheduler } from 'rxjs/testing'
import type { RunHelpers } from 'rxjs/testing'

/** A spec in virtual time, as a picture. */
export function runMarbles(picture: (helpers: RunHelpers) => void): void {
  new TestScheduler((actual, expected) => {
    expect(actual).toEqual(expected)
  }).run(picture)
}
