import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { clusterId, type KafkaJars } from './kafkaJars.js'
import type { Nursery } from './Nursery.js'
import { type BrokerSettings, type ClientListener, type SecureListener, serverProperties } from './serverProperties.js'
import { waitUntilReady } from './waitUntilReady.js'

const readyDeadlineMs = 60_000
const stopDeadlineMs = 20_000

/** One broker process, and the port and data folder it keeps while it is stopped, killed and started. */
export class KafkaBroker {
  readonly id: number
  readonly host = '127.0.0.1'
  readonly port: number
  readonly rack: string | undefined
  readonly clientListener: ClientListener | undefined
  /** `log.dirs`: where the segments lie, one folder per partition */
  readonly dataFolder: string
  private readonly secureListeners: readonly SecureListener[]
  readonly #properties: string
  readonly #logFile: string
  #process: ChildProcess | undefined

  constructor(
    settings: Omit<BrokerSettings, 'folder'>,
    private jars: KafkaJars,
    private readonly nursery: Nursery,
    private readonly jvm: readonly string[],
  ) {
    this.id = settings.id
    this.port = settings.port
    this.rack = settings.rack
    this.clientListener = settings.clientListener
    this.secureListeners = settings.secureListeners ?? []
    this.dataFolder = join(nursery.folder, `broker-${settings.id}`)
    this.#properties = join(nursery.folder, `broker-${settings.id}.properties`)
    this.#logFile = join(nursery.folder, `broker-${settings.id}.log`)
    writeFileSync(this.#properties, serverProperties({ ...settings, folder: this.dataFolder }))
    formatted(this.dataFolder, settings.id, jars)
  }

  get address(): string {
    return `${this.host}:${this.port}`
  }

  /** Of one of the `secureListeners`. */
  addressOf(protocol: string): string {
    const listener = this.secureListeners.find((candidate) => candidate.protocol === protocol)
    if (listener === undefined) throw new Error(`broker ${this.id} does not listen for ${protocol}`)
    return `${this.host}:${listener.port}`
  }

  get running(): boolean {
    return this.#process !== undefined && this.#process.exitCode === null && this.#process.signalCode === null
  }

  /** Of the process that runs. */
  get pid(): number {
    return this.#process?.pid ?? -1
  }

  /** What the broker has logged since it was first started. */
  log(): string {
    return readFileSync(this.#logFile, 'utf8')
  }

  /** Starts the process, on the same port and data as before, without waiting. */
  launch(): void {
    if (this.running) throw new Error(`broker ${this.id} runs already`)
    const args = [...this.jvm, '-cp', this.jars.classpath, 'kafka.Kafka', this.#properties]
    this.#process = this.nursery.spawnServer(`broker-${this.id}`, this.jars.java, args, this.#logFile)
  }

  /** Waits until it answers and knows these brokers as alive. */
  async ready(brokerIds: readonly number[] = [this.id]): Promise<void> {
    const giveUp = () => (this.running ? undefined : 'has ended')
    try {
      await waitUntilReady(this.address, brokerIds, { deadlineMs: readyDeadlineMs, giveUp })
    } catch (error) {
      const message = `${(error as Error).message}. The end of its log:\n${this.#logTail()}`
      throw new Error(message, { cause: error })
    }
  }

  /** Starts again on the same port and data; resolves when it answers. */
  async start(): Promise<void> {
    this.launch()
    await this.ready()
  }

  /** Stops it and starts another version on the same port and data. */
  async upgrade(jars: KafkaJars): Promise<void> {
    await this.stop()
    this.jars = jars
    await this.start()
  }

  /** SIGTERM and its controlled shutdown: leaders are handed over, files closed. */
  async stop(): Promise<void> {
    const impatience = setTimeout(() => this.#process?.kill('SIGKILL'), stopDeadlineMs)
    try {
      await this.kill('SIGTERM')
    } finally {
      clearTimeout(impatience)
    }
  }

  /** Sends the signal and resolves when the process is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.#process === undefined || !this.running) return
    this.#process.ref()
    const gone = once(this.#process, 'exit')
    this.#process.kill(signal)
    await gone
  }

  /** SIGSTOP: connections stay open and nothing answers, until `resume()`. */
  pause(): void {
    this.#process?.kill('SIGSTOP')
  }

  resume(): void {
    this.#process?.kill('SIGCONT')
  }

  #logTail(): string {
    return this.log().split('\n').slice(-30).join('\n')
  }
}

/** What `StorageTool format` would write for this node. */
const formatted = (folder: string, id: number, jars: KafkaJars): void => {
  cpSync(jars.formatted, folder, { recursive: true })
  const directoryId = Buffer.from(`rx-kafka-node-${String(id).padStart(2, '0')}`).toString('base64url')
  writeFileSync(
    join(folder, 'meta.properties'),
    `version=1\ncluster.id=${clusterId}\nnode.id=${id}\ndirectory.id=${directoryId}\n`,
  )
}
