import { describe, expect, it } from '@jest/globals'
import { Registry } from 'prom-client'
import { Subscription } from 'rxjs'
import { MemoryMetricGroup } from '../../lib/metrics/MemoryMetricGroup.js'
import type { MetricGroup } from '../../lib/metrics/MetricGroup.js'
import { operatorMetrics } from '../../lib/metrics/operatorMetrics.js'
import { PromClientMetricGroup } from '../../lib/metrics/PromClientMetricGroup.js'

/** A group that notes the names under which operators were added. */
const noting = (names: string[]): MetricGroup => ({
  counter: () => {
    throw new Error('not within an operator')
  },
  gauge: () => {
    throw new Error('not within an operator')
  },
  addGroup: (name, value) => {
    names.push(`${name} ${value}`)
    return noting(names)
  },
})

describe('the metrics of operators', () => {
  it('should be in a group with the name of the operator', () => {
    const metrics = new MemoryMetricGroup()
    operatorMetrics(metrics, 'flights', {}, new Subscription()).counter('numRecordsIn').inc(3)
    expect(metrics.read('operator.flights.numRecordsIn')).toBe(3)
  })

  it('should be apart for two operators of one name', () => {
    const names: string[] = []
    const metrics = noting(names)
    for (const owner of [{}, {}, {}]) operatorMetrics(metrics, 'source', owner, new Subscription())
    operatorMetrics(metrics, 'source-3', {}, new Subscription())
    expect(names).toEqual(['operator source', 'operator source-2', 'operator source-3', 'operator source-3-2'])
  })

  it('should keep their names over restarts, in whatever order operators come back', () => {
    const names: string[] = []
    const metrics = noting(names)
    const owners = [{}, {}] as const
    const first = owners.map((owner) => {
      const attempt = new Subscription()
      operatorMetrics(metrics, 'source', owner, attempt)
      return attempt
    })
    for (const attempt of first) attempt.unsubscribe()
    for (const owner of [owners[1], owners[0]]) operatorMetrics(metrics, 'source', owner, new Subscription())
    expect(names).toEqual(['operator source', 'operator source-2', 'operator source-2', 'operator source'])
  })

  it('should have no growing names when each attempt is made anew', () => {
    const names: string[] = []
    const metrics = noting(names)
    for (let n = 0; n < 3; n++) {
      const attempt = new Subscription()
      operatorMetrics(metrics, 'source', {}, attempt)
      attempt.unsubscribe()
    }
    expect(names).toEqual(['operator source', 'operator source', 'operator source'])
  })

  it('should be told apart in groups that were made alike, and only there', async () => {
    const registry = new Registry()
    for (const labels of [
      { subtask: '0', job: 'a' },
      { job: 'a', subtask: '0' },
      { subtask: '1', job: 'a' },
    ]) {
      const metrics = new PromClientMetricGroup({ registry, labels })
      operatorMetrics(metrics, 'source', {}, new Subscription()).counter('numRecordsIn').inc()
    }
    const series = (await registry.metrics()).split('\n').filter((line) => line.startsWith('rx_kafka_'))
    expect(
      series.map((line) => line.replace(/^.*\{(.*)\} 1$/, (_, labels: string) => labels.split(',').sort().join())),
    ).toEqual([
      'job="a",operator="source",subtask="0"',
      'job="a",operator="source-2",subtask="0"',
      'job="a",operator="source",subtask="1"',
    ])
    const memory = new MemoryMetricGroup()
    for (const job of ['a', 'a', 'b'])
      operatorMetrics(memory.addGroup('job', job), 'source', {}, new Subscription()).counter('n')
    expect(memory.names()).toEqual(['job.a.operator.source-2.n', 'job.a.operator.source.n', 'job.b.operator.source.n'])
  })

  it('should be nowhere when nobody asks for them', () => {
    const counter = operatorMetrics(undefined, 'source', {}, new Subscription()).counter('numRecordsIn')
    counter.inc()
    expect(counter.count).toBe(1)
  })
})
