import type { Subscription } from 'rxjs'
import type { MetricGroup } from './MetricGroup.js'
import { noMetrics } from './noMetrics.js'

/**
 * The group in which one operator of a job measures: below `operator`, with the operator's name as its value. It is Flink's scope of an
 * operator (`metrics.scope.operator`: `…<operator_name>…`), and what keeps the series of two sources, or of two sinks, apart.
 *
 * The name is the uid. Where another operator with that name runs with the same metrics, a number is added: `source`, `source-2`. After a
 * restart an operator has the name that it had before.
 *
 * @param metrics as the user gave them; without, nothing is registered
 * @param owner what stays the same from one attempt to the next
 * @param attempt the name is in use until this is unsubscribed
 */
export const operatorMetrics = (
  metrics: MetricGroup | undefined,
  uid: string,
  owner: object,
  attempt: Pick<Subscription, 'add'>,
): MetricGroup => {
  if (metrics === undefined) return noMetrics
  const names = namesWithin(metrics)
  const name = names.take(uid, owner)
  attempt.add(() => {
    names.release(name)
  })
  return metrics.addGroup('operator', name)
}

/** Which names operators have, where all with one name would have the same series. */
class OperatorNames {
  private readonly running = new Set<string>()
  private readonly former = new WeakMap<object, { readonly uid: string; readonly name: string }>()

  take(uid: string, owner: object): string {
    const before = this.former.get(owner)
    const name = before?.uid === uid && !this.running.has(before.name) ? before.name : this.free(uid)
    this.running.add(name)
    this.former.set(owner, { uid, name })
    return name
  }

  release(name: string): void {
    this.running.delete(name)
  }

  private free(uid: string): string {
    let name = uid
    for (let number = 2; this.running.has(name); number++) name = `${uid}-${number}`
    return name
  }
}

/** Groups with equal answers register the same series. */
export interface Series {
  readonly root: object
  readonly path: string
}

/**
 * Under this key a group answers which series it registers; without an answer no other group has the same. A symbol of the whole process,
 * since a bundler may have made several copies of this file.
 */
export const SERIES = Symbol.for('rx-kafka/series of a metric group')

const byRoot = new WeakMap<object, Map<string, OperatorNames>>()

const namesWithin = (metrics: MetricGroup & { readonly [SERIES]?: Series }): OperatorNames => {
  const { root, path } = metrics[SERIES] ?? { root: metrics, path: '' }
  const byPath = byRoot.get(root) ?? new Map<string, OperatorNames>()
  const names = byPath.get(path) ?? new OperatorNames()
  byRoot.set(root, byPath.set(path, names))
  return names
}
