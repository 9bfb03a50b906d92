import type { Observable } from 'rxjs'

/** Does something around a call, which has a name: `complete`, `lease.renew`. */
export type Around = <T>(call: string, act: () => Observable<T>) => Observable<T>

/** The same port with something around each of its calls, also those of the ports that it holds. */
export const aroundCalls = <P extends object>(port: P, around: Around, path = ''): P =>
  Object.fromEntries(
    Object.entries(port).map(([name, value]: [string, unknown]) => {
      if (typeof value === 'function') {
        const call = (...args: readonly unknown[]) => Reflect.apply(value, port, args) as Observable<unknown>
        return [name, (...args: readonly unknown[]) => around(path + name, () => call(...args))]
      }
      return [name, isPort(value) ? aroundCalls(value, around, `${path}${name}.`) : value]
    }),
  ) as P

const isPort = (value: unknown): value is object =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).some((member) => typeof member === 'function')
