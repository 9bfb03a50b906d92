import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { METRICS_TOPIC } from '../golden/replay/metricsJob.js'
import { CONSUMER, metricsOfConnections, metricsOnMemory } from '../golden/replay/metricsOnMemory.js'
import { PRODUCER, sinkMetricsOfConnections, sinkMetricsOnMemory } from '../golden/replay/sinkMetrics.js'
import { CheckpointMetrics } from '../../lib/checkpoint/CheckpointMetrics.js'
import { type RegisteredMetric, RegisteredMetrics } from '../golden/replay/RecordedMetric.js'

const page = readFileSync('docs/metrics.md', 'utf8')

interface Row {
  readonly name: string
  readonly type: string
}

/** The rows of the table under a heading; one for each of the names in a cell. */
const rowsUnder = (heading: string): readonly Row[] =>
  (page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => {
      const [, names = '', type = ''] = line.split('|').map((cell) => cell.trim())
      return [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => ({ name: name!, type }))
    })

/** As the page writes it. */
const inGeneral = (name: string): string =>
  name
    .replace(`topic.${METRICS_TOPIC}.`, 'topic.<topic>.')
    .replace(/partition\.\d+\./, 'partition.<partition>.')
    .replace(/split\.[^.]+\./, 'split.<split>.')

const byName = (a: Row, b: Row): number => (a.name < b.name ? -1 : 1)

describe('docs/metrics.md', () => {
  const rowsOf = (...all: readonly ReadonlyMap<string, RegisteredMetric>[]): readonly Row[] => {
    const types = new Map(all.flatMap((some) => [...some].map(([name, { type }]) => [inGeneral(name), type])))
    return [...types].map(([name, type]) => ({ name, type })).sort(byName)
  }
  const within = (group: string, rows: readonly Row[]) => rows.map(({ name, type }) => ({ name: group + name, type }))

  it('should tell of every metric of a source and its client, with its type, and of no other', () => {
    const rows = [...rowsUnder('Of a source'), ...within(CONSUMER, rowsUnder('Of its client'))]
    expect(rows.sort(byName)).toEqual(rowsOf(metricsOnMemory(), metricsOfConnections()))
  })

  it('should tell of every metric of checkpoints, with its type, and of no other', () => {
    const metrics = new RegisteredMetrics()
    new CheckpointMetrics(metrics)
    expect([...within('job.', rowsUnder('Of checkpoints'))].sort(byName)).toEqual(rowsOf(metrics.all))
  })

  it('should tell of every metric of a sink and its producer, with its type, and of no other', () => {
    const rows = [...rowsUnder('Of a sink'), ...within(PRODUCER, rowsUnder('Of its producer'))]
    expect(rows.sort(byName)).toEqual(rowsOf(sinkMetricsOnMemory(), sinkMetricsOfConnections()))
  })
})
