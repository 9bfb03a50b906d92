import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Runs apart from us and outlives us: when our end of its stdin closes, by `close()` or by our death, it clears up. */
const watchdog = `
trap '' INT TERM HUP
while read -r _; do :; done
for file in "$0"/*.pid; do [ -f "$file" ] && pids="$pids $(cat "$file")"; done
[ -n "$pids" ] && kill -KILL $pids 2>/dev/null
alive() { for pid in $pids; do kill -0 "$pid" 2>/dev/null && return 0; done; return 1; }
for round in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  rm -rf "$0"
  alive || [ -e "$0" ] || break
  sleep 0.1
done
`

/** The process notes its own id before it becomes the command, so there is no moment in which the watchdog misses it. */
const becoming = (pidFile: string, command: string, args: readonly string[]): string[] => [
  '-c',
  'echo $$ > "$0" && exec "$@"',
  pidFile,
  command,
  ...args,
]

/**
 * A temporary folder and processes that end with it: nothing of both is left when it is closed, nor when this process
 * ends in whatever way, SIGKILL included. Needs a POSIX shell.
 */
export class Nursery {
  readonly folder = mkdtempSync(join(tmpdir(), 'rx-kafka-'))
  readonly #watchdog = spawn('sh', ['-c', watchdog, this.folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  readonly #gone = once(this.#watchdog, 'exit')
  readonly #running = new Map<ChildProcess, Promise<unknown>>()
  #count = 0

  constructor() {
    this.#watchdog.unref()
    unref(this.#watchdog.stdin)
  }

  /** Starts a command that ends by itself. */
  spawn(name: string, command: string, args: readonly string[]): ChildProcessWithoutNullStreams {
    const pidFile = this.#pidFile(name)
    const child = spawn('sh', becoming(pidFile, command, args), { detached: true, stdio: 'pipe' })
    this.#adopt(child, pidFile)
    return child
  }

  /** Starts a command that goes on until it is killed and writes a log; it does not keep this process from ending. */
  spawnServer(name: string, command: string, args: readonly string[], log: string): ChildProcess {
    const pidFile = this.#pidFile(name)
    const output = openSync(log, 'a')
    const child = spawn('sh', becoming(pidFile, command, args), { detached: true, stdio: ['ignore', output, output] })
    closeSync(output)
    child.unref()
    this.#adopt(child, pidFile)
    return child
  }

  /** Kills what runs and removes the folder. Closing again waits for the first. */
  async close(): Promise<void> {
    for (const child of [this.#watchdog, ...this.#running.keys()]) child.ref()
    this.#watchdog.stdin.end()
    await Promise.all([this.#gone, ...this.#running.values()])
  }

  #pidFile(name: string): string {
    this.#count += 1
    return join(this.folder, `${name}-${this.#count}.pid`)
  }

  #adopt(child: ChildProcess, pidFile: string): void {
    const gone = once(child, 'exit').then(() => {
      rmSync(pidFile, { force: true })
      this.#running.delete(child)
    })
    this.#running.set(child, gone)
  }
}

/** The streams of a child are sockets, which its type does not say. */
const unref = (stream: unknown): void => {
  ;(stream as Socket).unref()
}
