import { setTimeout as delay } from 'node:timers/promises'
import { CopyJobProcess, type CopyJobEvent } from './CopyJobProcess.js'
import type { CopyJobSettings } from './copyJob.js'

/** The copy job under the simplest supervisor there is: when it ends by an error it is started again, from its store. */
export class SupervisedJob {
  /** why it ended, or went back to its last checkpoint by itself */
  readonly restarts: string[] = []
  private readonly processes: CopyJobProcess[] = []
  private settings: CopyJobSettings | undefined
  private asked = false

  /** @param mended what it is started with after an error, and also with leave to go on without what it said is lost */
  start(settings: CopyJobSettings, mended: CopyJobSettings): void {
    this.asked = false
    void this.supervise(settings, mended)
  }

  /** Transactions committed so far. */
  get committed(): number {
    return this.events('committed').length
  }

  /** Records that it named as lost. */
  get namedLost(): number {
    return this.events('lost').reduce((sum, event) => sum + (event.kind === 'lost' ? event.records : 0), 0)
  }

  /** Resolves when it has committed so many transactions more. */
  async commits(count: number): Promise<void> {
    for (const enough = this.committed + count; this.committed < enough;) await delay(20)
  }

  /** Stops with a savepoint and starts with other settings, if they are others. */
  async runWith(settings: CopyJobSettings, mended: CopyJobSettings): Promise<void> {
    if (JSON.stringify(settings) === JSON.stringify(this.settings)) return
    await this.stop()
    this.start(settings, mended)
  }

  /** SIGTERM; it must end well. */
  async stop(): Promise<void> {
    this.asked = true
    const { code, signal } = (await this.processes.at(-1)?.stop()) ?? { code: 0, signal: null }
    if (code !== 0) throw new Error(`The job did not stop well: ${code ?? signal}\n${this.lastWords}`)
  }

  async kill(): Promise<void> {
    this.asked = true
    await Promise.all(this.processes.map((process) => process.kill()))
  }

  get lastWords(): string {
    const process = this.processes.at(-1)
    return `${JSON.stringify(process?.events.slice(-5))}\n${process?.stderr.slice(-2000)}`
  }

  private async supervise(settings: CopyJobSettings, mended: CopyJobSettings): Promise<void> {
    this.settings = settings
    const process = new CopyJobProcess(settings, (event) => {
      if (event.kind === 'restarting') this.restarts.push(event.because)
    })
    this.processes.push(process)
    await process.end()
    if (this.asked) return
    const reason = /^\w*Error: .*/m.exec(process.stderr)?.[0] ?? process.stderr
    this.restarts.push(reason)
    const lost = /records of checkpoint \d+ are lost/.test(reason)
    await this.supervise(lost ? { ...mended, commitLost: 'warn' } : mended, mended)
  }

  private events(kind: CopyJobEvent['kind']) {
    return this.processes.flatMap(({ events }) => events.filter((event) => event.kind === kind))
  }
}
