import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type KafkaCluster, kafkaVersions, startKafka, tools } from './kafka/startKafka.js'
import { describeKafka } from './realKafka.js'

const timeoutMs = 180_000
const main = join(__dirname, 'kafka/main.ts')

describeKafka('startKafka', { own: true }, (kafka) => {
  it(
    'should show what the console producer wrote to the console consumer',
    async () => {
      await produce(kafka(), 'letters', 'n:1\ta:one\nNULL\tb:NULL\n')
      const read = await kafka().readCommitted('letters', { partition: 0, maxMessages: 2 })
      const timestamp = expect.any(Number)
      expect(read).toEqual([
        { partition: 0, offset: 0, timestamp, key: 'a', value: 'one', headers: [['n', '1']] },
        { partition: 0, offset: 1, timestamp, key: 'b', value: null, headers: [] },
      ])
      expect(read[0]?.timestamp).toBeGreaterThan(Date.UTC(2020, 0))
    },
    timeoutMs,
  )

  it(
    'should keep port and data when the broker is killed and started, or stopped and started',
    async () => {
      const [broker] = kafka().brokers
      await produce(kafka(), 'kept', 'n:1\ta:before\n')
      await broker?.kill()
      expect(broker?.running).toBe(false)
      await broker?.start()
      await broker?.stop()
      await broker?.start()
      await produce(kafka(), 'kept', 'n:1\ta:after\n')
      const read = await kafka().readCommitted('kept', { maxMessages: 2 })
      expect(read.map(({ value }) => value)).toEqual(['before', 'after'])
    },
    timeoutMs,
  )

  it(
    'should report the failure of a tool',
    async () => {
      const { code, stderr } = await kafka().tool('no.such.Tool', [])
      expect(code).toBe(1)
      expect(stderr).toContain('no.such.Tool')
    },
    timeoutMs,
  )
})

const oldest = { version: kafkaVersions.oldest, brokers: 3, own: true }

describeKafka('three brokers of the oldest Kafka', oldest, (kafka) => {
  it(
    'should go on without the one that was killed',
    async () => {
      const address = ['--bootstrap-server', kafka().bootstrapServers, '--topic', 'copied']
      await kafka().tool(tools.TopicCommand, [...address, '--create', '--replication-factor', '3'])
      const { stdout } = await kafka().tool(tools.TopicCommand, [...address, '--describe'])
      expect(stdout).toMatch(/Isr: [123],[123],[123]/)
      await produce(kafka(), 'copied', 'n:1\ta:one\n')
      await kafka().brokers[0]?.kill()
      expect(await kafka().readCommitted('copied', { partition: 0, maxMessages: 1, idleMs: 60_000 })).toHaveLength(1)
    },
    timeoutMs,
  )
})

// The brokers of these are not of this block; it only says whether there can be any.
describeKafka('the end of a cluster', { own: true }, () => {
  it(
    'should leave no process and no file after stop()',
    async () => {
      const kafka = await startKafka({ own: true })
      const folder = dirname(kafka.brokers[0]?.dataFolder ?? '')
      const left = whatRuns(folder)
      expect(left.processes).toHaveLength(1)
      await kafka.stop()
      await kafka.stop()
      await left.gone()
    },
    timeoutMs,
  )

  describe.each(['SIGKILL', 'SIGINT'] as const)('when its process gets %s', (signal) => {
    let temp: string
    beforeEach(() => {
      temp = mkdtempSync(join(tmpdir(), 'rx-kafka-spec-'))
    })
    afterEach(() => {
      rmSync(temp, { recursive: true, force: true })
    })

    it(
      'should leave no process and no file',
      async () => {
        const parent = spawn(process.execPath, ['--import', 'tsx', main], {
          env: { ...process.env, TMPDIR: temp },
          stdio: ['ignore', 'pipe', 'inherit'],
        })
        const port = await bootstrapPort(parent.stdout)
        expect(await answers(port)).toBe(true)
        const left = whatRuns(clusterFolderIn(temp))
        expect(left.processes).toHaveLength(1)
        parent.kill(signal)
        await once(parent, 'exit')
        await left.gone()
        expect(await answers(port)).toBe(false)
      },
      timeoutMs,
    )
  })
})

describe('startKafka', () => {
  it('should use the cluster of KAFKA_BROKERS and leave its brokers alone', async () => {
    const before = process.env['KAFKA_BROKERS']
    process.env['KAFKA_BROKERS'] = 'example:9092'
    const kafka = await startKafka()
    if (before === undefined) delete process.env['KAFKA_BROKERS']
    else process.env['KAFKA_BROKERS'] = before
    expect(kafka.bootstrapServers).toBe('example:9092')
    expect(kafka.brokers).toEqual([])
    await kafka.stop()
  })
})

/** Lines of `headers TAB key : value`. */
const produce = async (kafka: KafkaCluster, topic: string, input: string): Promise<void> => {
  const format = { 'parse.key': true, 'parse.headers': true, 'key.separator': ':', 'null.marker': 'NULL' }
  const { code, stderr } = await kafka.tool(
    tools.ConsoleProducer,
    [
      ...['--bootstrap-server', kafka.bootstrapServers, '--topic', topic],
      ...Object.entries(format).flatMap(([name, value]) => ['--property', `${name}=${value}`]),
    ],
    { input },
  )
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
}

const clusterFolderIn = (temp: string): string =>
  join(temp, readdirSync(temp).find((name) => name.startsWith('rx-kafka-')) ?? '')

/** The processes that note their ids in the folder of a cluster, and the end of them and of the folder. */
const whatRuns = (folder: string) => {
  const files = readdirSync(folder).filter((file) => file.endsWith('.pid'))
  const processes = files.map((file) => Number(readFileSync(join(folder, file), 'utf8')))
  const isLeft = () => processes.some(isAlive) || existsSync(folder)
  const gone = async () => {
    for (const deadline = Date.now() + 10_000; isLeft() && Date.now() < deadline;) await delay(20)
    expect({ processes: processes.filter(isAlive), folder: existsSync(folder) }).toEqual({
      processes: [],
      folder: false,
    })
  }
  return { processes, gone }
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const bootstrapPort = async (output: NodeJS.ReadableStream): Promise<number> => {
  for await (const line of createInterface({ input: output })) {
    const port = /KAFKA_BROKERS=127\.0\.0\.1:(\d+)/.exec(line)?.[1]
    if (port !== undefined) return Number(port)
  }
  throw new Error('it ended without a bootstrap address')
}

const answers = async (port: number): Promise<boolean> => {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
