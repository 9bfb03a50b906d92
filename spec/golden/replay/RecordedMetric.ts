import type { Gauge, MetricGroup } from '../../../lib/metrics/MetricGroup.js'
import { SimpleCounter } from '../../../lib/metrics/SimpleCounter.js'

/** A line of metrics.jsonl. */
export interface RecordedMetric {
  readonly name: string
  /** operator, subtask, groups, and the name again */
  readonly scopeTail: string
  /** `<topic>=flights,<partition>=0` */
  readonly variables: string
  readonly type: 'counter' | 'gauge' | 'meter'
  readonly value: string
}

/** A metric as ours is registered. */
export interface RegisteredMetric {
  readonly type: 'counter' | 'gauge'
  readonly variables: string
  read(): number | string
}

/**
 * Keeps what is registered, by full name, with all that the recording tells of it. What is recorded is named within the operator, so a
 * job gets `ofOperator(…)`, where this is the operator's group, and all that is registered beside it an error.
 */
export class RegisteredMetrics implements MetricGroup {
  constructor(
    readonly all = new Map<string, RegisteredMetric>(),
    private readonly prefix = '',
    private readonly variables: Readonly<Record<string, string>> = {},
  ) {}

  counter(name: string): SimpleCounter {
    const counter = new SimpleCounter()
    this.register(name, { type: 'counter', read: () => counter.count })
    return counter
  }

  gauge(name: string, read: Gauge): void {
    this.register(name, { type: 'gauge', read })
  }

  addGroup(name: string, value?: string): MetricGroup {
    const { all, prefix, variables } = this
    if (value === undefined) return new RegisteredMetrics(all, `${prefix}${name}.`, variables)
    return new RegisteredMetrics(all, `${prefix}${name}.${value}.`, { ...variables, [`<${name}>`]: value })
  }

  ofOperator(operator: string): MetricGroup {
    const beside = (): never => {
      throw new Error('A metric of an operator was registered outside of its group.')
    }
    return {
      counter: beside,
      gauge: beside,
      addGroup: (name, value) => (name === 'operator' && value === operator ? this : beside()),
    }
  }

  private register(name: string, metric: Omit<RegisteredMetric, 'variables'>): void {
    const variables = Object.entries(this.variables).map((variable) => variable.join('='))
    this.all.set(this.prefix + name, { ...metric, variables: variables.sort().join() })
  }
}
