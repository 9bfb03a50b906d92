import { beforeEach, describe, expect, it, jest } from '@jest/globals'
import * as promClient from 'prom-client'
import { Registry } from 'prom-client'
import { PromClientMetricGroup } from '../../lib/metrics/PromClientMetricGroup.js'

describe('PromClientMetricGroup', () => {
  let registry: Registry
  beforeEach(() => {
    registry = new Registry()
  })

  const series = async (): Promise<readonly string[]> =>
    (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))

  it('should name metrics by their groups, and label them by their variables', async () => {
    const metrics = new PromClientMetricGroup({ registry })
    const split = metrics.addGroup('KafkaSourceReader').addGroup('topic', 'flights').addGroup('partition', '0')
    split.gauge('currentOffset', () => 41)
    metrics.addGroup('KafkaConsumer').gauge('fetch-rate', () => 0.5)
    expect(await series()).toEqual([
      'rx_kafka_KafkaSourceReader_topic_partition_currentOffset{topic="flights",partition="0"} 41',
      'rx_kafka_KafkaConsumer_fetch_rate 0.5',
    ])
  })

  it('should read values when they are scraped', async () => {
    const metrics = new PromClientMetricGroup({ registry, prefix: 'app' })
    const counter = metrics.counter('numRecordsIn')
    let pending = 3
    metrics.gauge('pendingRecords', () => pending)
    counter.inc(2)
    expect(await series()).toEqual(['app_numRecordsIn 2', 'app_pendingRecords 3'])
    counter.inc()
    pending = 0
    expect(await series()).toEqual(['app_numRecordsIn 3', 'app_pendingRecords 0'])
  })

  it('should keep the series of several subtasks apart', async () => {
    for (const subtask of ['0', '1'])
      new PromClientMetricGroup({ registry, labels: { subtask } }).counter('numRecordsIn').inc(1 + Number(subtask))
    expect(await series()).toEqual(['rx_kafka_numRecordsIn{subtask="0"} 1', 'rx_kafka_numRecordsIn{subtask="1"} 2'])
  })

  it('should go on counting in the next attempt, and read its gauges', async () => {
    for (const attempt of [1, 2]) {
      const metrics = new PromClientMetricGroup({ registry })
      metrics.counter('numRecordsIn').inc(10)
      metrics.gauge('attempt', () => attempt)
    }
    expect(await series()).toEqual(['rx_kafka_numRecordsIn 20', 'rx_kafka_attempt 2'])
  })

  it('should leave out texts, and show what is not known as not a number', async () => {
    const split = new PromClientMetricGroup({ registry, labels: { split: 't-0' } })
    split.gauge('holder', () => 't-0')
    split.gauge('lag', () => NaN)
    expect(await series()).toEqual(['rx_kafka_lag{split="t-0"} Nan'])
  })

  it('should refuse one name with labels of other names, before a scrape fails', () => {
    new PromClientMetricGroup({ registry }).counter('numRecordsIn')
    const labelled = new PromClientMetricGroup({ registry, labels: { subtask: '0' } })
    expect(() => labelled.counter('numRecordsIn')).toThrow(
      /^rx_kafka_numRecordsIn was registered as counter\{\}, now as counter\{subtask\}/,
    )
  })

  it('should share its series with groups of another copy of the package', async () => {
    let other: typeof PromClientMetricGroup | undefined
    jest.isolateModules(() => {
      jest.doMock('prom-client', () => promClient)
      other = jest.requireActual<typeof import('../../lib/metrics/PromClientMetricGroup.js')>(
        '../../lib/metrics/PromClientMetricGroup.js',
      ).PromClientMetricGroup
    })
    expect(other).not.toBe(PromClientMetricGroup)
    new PromClientMetricGroup({ registry, labels: { subtask: '0' } }).counter('numRecordsIn').inc(1)
    new other!({ registry, labels: { subtask: '1' } }).counter('numRecordsIn').inc(2)
    new other!({ registry, labels: { subtask: '0' } }).counter('numRecordsIn').inc(3)
    expect(await series()).toEqual(['rx_kafka_numRecordsIn{subtask="0"} 4', 'rx_kafka_numRecordsIn{subtask="1"} 2'])
  })

  it('should be there again after its registry was cleared', async () => {
    new PromClientMetricGroup({ registry }).counter('numRecordsIn').inc(1)
    registry.clear()
    expect(await series()).toEqual([])
    new PromClientMetricGroup({ registry }).counter('numRecordsIn').inc(2)
    expect(await series()).toEqual(['rx_kafka_numRecordsIn 2'])
  })
})
