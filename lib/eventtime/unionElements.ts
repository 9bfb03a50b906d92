import { Observable, isObservable } from 'rxjs'
import type { StreamElement } from '../stream/StreamElement.js'
import { ElementMerge } from './ElementMerge.js'
import type { NamedInput } from './MergeInputs.js'
import type { MergeConfig } from './MergeConfig.js'
import { StatusWatermarkValve } from './StatusWatermarkValve.js'
import type { WatermarkOutput } from './WatermarkGenerator.js'

/**
 * Makes one stream of several: the elements of two topics, two sources, two branches of a job.
 *
 * As `combineWatermarks` for whole streams: one `Restored`, one barrier when every input that has not completed has
 * delivered it, the least watermark. An input back from idleness counts for the watermark again when it has caught up,
 * as in Flink's operators with several inputs (`StatusWatermarkValve`). The barrier has an `end` when all inputs end;
 * those that have ended before wait for nobody. A request to end goes to all.
 *
 * Completes when all inputs have; an error of one is the error of all.
 *
 * Inputs with names are told apart by them where it is said which one holds the watermark back, by their place otherwise.
 *
 * @example
 * ```ts
 * unionElements(flights.elements({ checkpoints, uid: 'flights' }), weather.elements({ checkpoints, uid: 'weather' }))
 * ```
 *
 * @example
 * ```ts
 * const watermarkHolder$ = new BehaviorSubject<WatermarkHolder | undefined>(undefined)
 * unionElements({ flights: flights.elements(), weather: weather.elements() }, { watermarkHolder$ })
 * ```
 */
export function unionElements<T extends readonly unknown[]>(
  ...inputs: { readonly [Index in keyof T]: Observable<StreamElement<T[Index]>> }
): Observable<StreamElement<T[number]>>
export function unionElements<T extends Readonly<Record<string, unknown>>>(
  inputs: { readonly [Name in keyof T]: Observable<StreamElement<T[Name]>> },
  config?: MergeConfig,
): Observable<StreamElement<T[keyof T]>>
export function unionElements(...inputs: readonly unknown[]): Observable<StreamElement<unknown>> {
  const [named, config] = isNamed(inputs) ? inputs : [byPlace(inputs)]
  return new Observable((destination) => {
    const combine = (output: WatermarkOutput) => new StatusWatermarkValve<NamedInput>(output)
    const merge = new ElementMerge<unknown>(destination, { ...config, name: 'unionElements', combine })
    merge.add(...Object.entries(named).map(([id, elements]) => ({ id, elements })))
    merge.close()
  })
}

type Named = Readonly<Record<string, Observable<StreamElement<unknown>>>>

function isNamed(inputs: readonly unknown[]): inputs is readonly [Named, MergeConfig?] {
  return inputs.length > 0 && !isObservable(inputs[0])
}

function byPlace(inputs: readonly unknown[]): Named {
  return Object.fromEntries(inputs.map((elements, index) => [`input ${index}`, elements])) as Named
}
