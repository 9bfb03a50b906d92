import { describe, expect, it } from '@jest/globals'
import { sinkMetricDepartures } from './departures.js'
import { expectRecordedNames, expectRecordedValues } from './replay/metricsJob.js'
import { sinkMetricsOfConnections, sinkMetricsOnMemory, sinkRecording } from './replay/sinkMetrics.js'

describe('the metrics of a sink, as recorded from Flink', () => {
  it('should be a recording of all that a writer, a committer and their producer measure', () => {
    expect(sinkRecording.recorded.size).toBeGreaterThan(90)
  })

  it('should have the recorded names, types and variables', () => {
    const all = new Map([...sinkMetricsOnMemory(), ...sinkMetricsOfConnections()])
    expectRecordedNames(all, () => true, sinkRecording)
  })

  it('should have the recorded values', () => {
    expectRecordedValues(sinkMetricsOnMemory(), sinkRecording)
  })

  it.each(sinkMetricDepartures.map(({ because, names }) => [because, names] as const))(
    'should still depart: %s',
    (_, names) => {
      const ours = new Set([...sinkMetricsOnMemory().keys(), ...sinkMetricsOfConnections().keys()])
      const departed = [...sinkRecording.recorded.keys()].filter((name) => names.test(name))
      expect(departed.length).toBeGreaterThan(0)
      expect(departed.filter((name) => ours.has(name))).toEqual([])
    },
  )
})
