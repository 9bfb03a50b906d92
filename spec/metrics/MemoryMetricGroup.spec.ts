import { describe, expect, it } from '@jest/globals'
import { MemoryMetricGroup } from '../../lib/metrics/MemoryMetricGroup.js'

describe('MemoryMetricGroup', () => {
  it('should read counters and gauges back by their full name', () => {
    const metrics = new MemoryMetricGroup()
    const split = metrics.addGroup('KafkaSourceReader').addGroup('topic', 'flights').addGroup('partition', '0')
    let offset = 1
    split.gauge('currentOffset', () => offset)
    metrics.addGroup('KafkaSourceReader').counter('commitsSucceeded').inc()
    metrics.addGroup('KafkaSourceReader').counter('commitsSucceeded').inc(2)
    offset = 41
    expect(metrics.read('KafkaSourceReader.topic.flights.partition.0.currentOffset')).toBe(41)
    expect(metrics.read('KafkaSourceReader.commitsSucceeded')).toBe(3)
    expect(metrics.read('nothing')).toBeUndefined()
    expect(metrics.names()).toEqual([
      'KafkaSourceReader.commitsSucceeded',
      'KafkaSourceReader.topic.flights.partition.0.currentOffset',
    ])
  })
})
