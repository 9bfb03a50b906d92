import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it, jest } from '@jest/globals'
import * as promClient from 'prom-client'
import type { ConnectKafka } from '../../lib/client/KafkaClient.js'
import { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import { PromClientMetricGroup } from '../../lib/metrics/PromClientMetricGroup.js'
import { eventually } from '../../lib/conformance/client/ContractScene.js'
import { codeBlocks } from '../support/docs/codeBlocks.js'
import { runProgram } from '../support/docs/runProgram.js'
import { freePorts } from '../support/kafka/freePorts.js'

let kafka: MemoryKafka
const mockConnect: ConnectKafka = (config) => kafka.connect(config)
jest.mock('../../lib/defaultClient.js', () => ({ defaultConnect: (config: never) => mockConnect(config) }))

describe('the program of docs/metrics.md', () => {
  let stop: (() => void) | undefined
  afterEach(() => {
    stop?.()
    promClient.register.clear()
  })

  it('should answer scrapes and probes', async () => {
    kafka = new MemoryKafka({ topics: { flights: 1 } })
    kafka.produce('flights', [{ value: 'a' }, { value: 'b' }])
    const [port] = await freePorts(1)
    const program = codeBlocks(readFileSync('docs/metrics.md', 'utf8')).find(({ language }) => language === 'ts')!.text
    const [stopIt] = runProgram(`${program.replace('9464', String(port))}\nconsole.log(stop)`, {
      'rx-kafka': jest.requireActual('../../lib/index.js'),
      'rx-kafka/prom-client': { PromClientMetricGroup },
      'prom-client': promClient,
    })
    stop = stopIt as () => void

    const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`)
    await eventually(
      () => get('/ready'),
      ({ status }) => expect(status).toBe(200),
      20_000,
    )
    const series = (await (await get('/metrics')).text()).split('\n')
    expect(series).toContain('rx_kafka_operator_numRecordsIn{job="flights",subtask="0",operator="source"} 2')
    expect(series).toContain(
      'rx_kafka_operator_KafkaSourceReader_topic_partition_currentOffset{job="flights",subtask="0",operator="source",topic="flights",partition="0"} 1',
    )
  }, 60_000)
})
