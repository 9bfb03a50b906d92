import type { ReaderLoop } from './ReaderLoop.js'

/** What has come up outside of the loop, to be done in its next turn: only there may anything be emitted. */
export class TurnTasks {
  private readonly tasks: (() => void)[] = []

  constructor(private readonly loop: Pick<ReaderLoop, 'ask'>) {}

  add(task: () => void): void {
    this.tasks.push(task)
    this.loop.ask()
  }

  /** Does them in their order, and what they add. */
  run(): void {
    for (let task = this.tasks.shift(); task !== undefined; task = this.tasks.shift()) task()
  }

  /** They do not matter any more; nor do those behind the one that is being done. */
  clear(): void {
    this.tasks.length = 0
  }
}
