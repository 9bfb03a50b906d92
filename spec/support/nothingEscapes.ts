import { runInThisContext } from 'node:vm'
import { afterEach, beforeEach, expect } from '@jest/globals'

/** Jest gives specs a copy of `process`, which hears of nothing. */
const realProcess = runInThisContext('process') as NodeJS.Process

const events = ['uncaughtException', 'unhandledRejection'] as const

/** Errors that would have ended the process, as they come. They are taken from Node's hands until `stop`. */
export class Escapes {
  readonly errors: unknown[] = []
  private readonly before = events.map(
    (event) => [event, (realProcess as NodeJS.EventEmitter).listeners(event)] as const,
  )
  private readonly note = (error: unknown): void => void this.errors.push(error)

  constructor() {
    for (const event of events) listenAlone(event, [this.note])
  }

  stop(): void {
    for (const [event, listeners] of this.before) listenAlone(event, listeners)
  }
}

const listenAlone = (event: string, listeners: readonly unknown[]): void => {
  const emitter = realProcess as NodeJS.EventEmitter
  emitter.removeAllListeners(event)
  for (const listener of listeners) emitter.on(event, listener as () => void)
}

/** Every spec of the block fails with what escapes meanwhile as an uncaught exception or an unhandled rejection. */
export const nothingEscapes = (): void => {
  let escapes: Escapes
  beforeEach(() => {
    escapes = new Escapes()
  })
  afterEach(async () => {
    // What is rejected is unhandled a turn later.
    await new Promise((resolve) => setImmediate(resolve))
    escapes.stop()
    expect(escapes.errors).toEqual([])
  })
}
