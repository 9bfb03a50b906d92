import { AsyncLocalStorage, createHook } from 'node:async_hooks'
import { setImmediate } from 'node:timers/promises'

/** Timers that code starts, or what follows from it; those of others in the process are not counted. */
export interface OwnTimers {
  /** Calls it; the timers are those that come of this. */
  start<T>(code: () => T): T
  /** How many of them keep the process alive at the end of this turn of the event loop: Node tells then which were cleared. */
  left(): Promise<number>
}

export const ownTimers = (): OwnTimers => {
  const scope = new AsyncLocalStorage<true>()
  const running = new Map<number, NodeJS.Timeout>()
  createHook({
    init: (id, type, _trigger, resource) => {
      if (type === 'Timeout' && scope.getStore() === true) running.set(id, resource as NodeJS.Timeout)
    },
    destroy: (id) => void running.delete(id),
  }).enable()
  return {
    start: (code) => scope.run(true, code),
    left: async () => {
      await setImmediate()
      return [...running.values()].filter((timer) => timer.hasRef()).length
    },
  }
}
