import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { filter, firstValueFrom, interval, map } from 'rxjs'
import type { SinkEvent } from '../../lib/sink/SinkEvent.js'
import type { CopyJobSettings } from './copyJob.js'

const require = createRequire(join(process.cwd(), 'package.json'))

/** What it tells: its sink's events, that it is about to be stopped, that it starts again from its last checkpoint. */
export type CopyJobEvent =
  SinkEvent | { readonly kind: 'stopped' } | { readonly kind: 'restarting'; readonly because: string }

/** The copy job as a process of its own. */
export class CopyJobProcess {
  readonly events: CopyJobEvent[] = []
  stderr = ''
  private readonly child: ChildProcess
  private readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>

  constructor(settings: CopyJobSettings, heard: (event: CopyJobEvent) => void = () => undefined) {
    this.child = spawn(
      process.execPath,
      ['--import', require.resolve('tsx'), join(process.cwd(), 'spec', 'chaos', 'copyJob.ts')],
      { env: { ...process.env, JOB: JSON.stringify(settings) }, stdio: ['ignore', 'pipe', 'pipe'] },
    )
    let line = ''
    this.child.stdout?.on('data', (chunk: Buffer) => {
      const lines = (line + chunk.toString()).split('\n')
      line = lines.pop() as string
      for (const text of lines) {
        const event = JSON.parse(text) as CopyJobEvent
        this.events.push(event)
        heard(event)
      }
    })
    this.child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()))
    this.ended = once(this.child, 'close').then(([code, signal]) => ({ code, signal }) as never)
  }

  /** How it ended. */
  end() {
    return this.ended
  }

  /** SIGUSR2: from here on it stops itself where its settings say. */
  mayStop(): void {
    this.child.kill('SIGUSR2')
  }

  /** Resolves when it has told `count` events of a kind, more than it had. */
  tells(kind: CopyJobEvent['kind'], count = 1): Promise<unknown> {
    const told = () => this.events.filter((event) => event.kind === kind).length
    const enough = told() + count
    return Promise.race([
      firstValueFrom(
        interval(20).pipe(
          map(told),
          filter((now) => now >= enough),
        ),
      ),
      this.ended.then((end) => {
        throw new Error(`The job ended before it told ${kind}: ${JSON.stringify(end)}\n${this.stderr}`)
      }),
    ])
  }

  /** SIGCONT. */
  wake(): void {
    this.child.kill('SIGCONT')
  }

  /** SIGTERM: a savepoint, then the end. */
  stop() {
    this.child.kill('SIGTERM')
    return this.ended
  }

  kill() {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL')
    return this.ended
  }
}
