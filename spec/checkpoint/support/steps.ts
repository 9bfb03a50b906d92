import { EMPTY, isObservable, mergeMap } from 'rxjs'
import type { MarbleHelpers } from '../../../lib/testing/runMarbles.js'

/** Does at each letter of a picture what the table has for it; an Observable that comes of it is subscribed to, and must not fail. */
export const steps = (
  { cold, run }: Pick<MarbleHelpers, 'cold' | 'run'>,
  marbles: string,
  table: Readonly<Record<string, () => unknown>>,
): void => {
  const done$ = cold(marbles).pipe(
    mergeMap((letter) => {
      const done = table[letter]!()
      return isObservable(done) ? done : EMPTY
    }),
  )
  run(done$)
}
