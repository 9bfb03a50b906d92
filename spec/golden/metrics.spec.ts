import { describe, expect, it } from '@jest/globals'
import { metricDepartures } from './departures.js'
import { expectRecordedNames, expectRecordedValues, recordedMetrics } from './replay/metricsJob.js'
import { metricsOfConnections, metricsOnMemory } from './replay/metricsOnMemory.js'

describe('the metrics of a source, as recorded from Flink', () => {
  it('should be a recording of all that a source and its consumer measure', () => {
    expect(recordedMetrics.size).toBeGreaterThan(120)
  })

  // Those of connections are compared on real Kafka: recordedOnKafka.spec.ts.
  it('should have the recorded names, types and variables', () => {
    const ofConnections = metricsOfConnections()
    expectRecordedNames(metricsOnMemory(), (name) => !ofConnections.has(name))
  })

  it('should have the recorded values', () => {
    expectRecordedValues(metricsOnMemory())
  })

  it.each(metricDepartures.map(({ because, names }) => [because, names] as const))(
    'should still depart: %s',
    (_, names) => {
      const ours = new Set([...metricsOnMemory().keys(), ...metricsOfConnections().keys()])
      const departed = [...recordedMetrics.keys()].filter((name) => names.test(name))
      expect(departed.length).toBeGreaterThan(0)
      expect(departed.filter((name) => ours.has(name))).toEqual([])
    },
  )
})
