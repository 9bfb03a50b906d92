import * as t from 'io-ts'
import {
  concatMap,
  filter,
  map,
  mergeMap,
  of,
  type OperatorFunction,
  range,
  tap,
  type SchedulerLike,
  timer,
  toArray,
} from 'rxjs'
import { keyedScan } from '../../../lib/keyed/keyedScan.js'
import { EventTimeSessionWindows } from '../../../lib/keyed/windows/EventTimeSessionWindows.js'
import { SlidingEventTimeWindows } from '../../../lib/keyed/windows/SlidingEventTimeWindows.js'
import { TumblingEventTimeWindows } from '../../../lib/keyed/windows/TumblingEventTimeWindows.js'
import { windowByEventTime } from '../../../lib/keyed/windows/windowByEventTime.js'
import { mapAsync } from '../../../lib/stream/mapAsync.js'
import { onRecords } from '../../../lib/stream/onRecords.js'
import { processBatches } from '../../../lib/stream/processBatches.js'
import type { StreamElement } from '../../../lib/stream/StreamElement.js'
import { Item, stateKeyOf } from './Item.js'
import { Mishap } from './Mishap.js'
import type { Operator } from './Script.js'

/** What operators need of where they run. */
export interface OperatorPlace {
  readonly scheduler: SchedulerLike
  mishap(times: number): boolean
}

type ItemOperator = OperatorFunction<StreamElement<Item>, StreamElement<Item>>

/** The operators of a script, as the library has them. What they do is said again, plainly, in `expectedOf`. */
export const operatorsOf =
  (operators: readonly Operator[], place: OperatorPlace): ItemOperator =>
  (elements$) =>
    operators.reduce((so$, operator, index) => so$.pipe(operatorOf(operator, index, place)), elements$)

const operatorOf = (operator: Operator, index: number, place: OperatorPlace): ItemOperator => {
  const { scheduler } = place
  switch (operator.op) {
    case 'map':
      return onRecords(map((item) => ({ ...item, text: `${item.text}'` })))
    case 'fragile':
      return onRecords(
        tap(({ n, text }) => {
          if (n % 4 === 2 && place.mishap(operator.times)) throw new Mishap(text)
        }),
      )
    case 'filter':
      return onRecords(filter(({ n }) => n % operator.drop !== 0))
    case 'flatMap':
      return onRecords(
        concatMap((item) => range(0, operator.times).pipe(map((copy) => ({ ...item, text: `${item.text}/${copy}` })))),
      )
    case 'mapAsync': {
      const { ms, concurrency, order } = operator
      return mapAsync(
        (item) => timer(ms * (1 + (item.n % 3)), scheduler).pipe(map(() => ({ ...item, text: `${item.text}~` }))),
        { concurrency, order },
      )
    }
    case 'processBatches':
      return processBatches((items$) =>
        items$.pipe(
          toArray(),
          mergeMap((items) => timer(operator.ms, scheduler).pipe(concatMap(() => of(...items)))),
        ),
      )
    case 'keyedScan':
      return (elements$) =>
        elements$.pipe(
          keyedScan({
            uid: `scan-${index}`,
            keyBy: stateKeyOf,
            seed: () => ({ count: 0, item: nothingYet }),
            accumulate: ({ count }, item: Item) => ({ count: count + 1, item }),
            state: t.type({ count: t.number, item: Item }),
          }),
          onRecords(map(({ value: { count, item } }) => ({ ...item, text: `${item.text}#${count}` }))),
        )
    case 'windows':
      return (elements$) =>
        elements$.pipe(
          windowByEventTime({
            uid: `windows-${index}`,
            keyBy: stateKeyOf,
            windows: assigners[operator.kind](operator.size),
            seed: (): string[] => [],
            accumulate: (texts, { text }: Item) => [...texts, text],
            merge: (one, other) => [...one, ...other],
            state: t.array(t.string),
            sideOutputLateData: (item) => ({ late: item }),
          }),
          onRecords(
            map((result): Item => {
              if ('late' in result) return { ...result.late, text: `${result.late.text} late` }
              const [key, lane] = result.key.split('@') as [string, string]
              const { start, end } = result.window
              return {
                key,
                lane,
                n: start,
                text: `${result.key}[${start},${end})${[...result.value].sort().join(',')}`,
              }
            }),
          ),
        )
  }
}

const nothingYet: Item = { key: '', lane: '', n: 0, text: '' }

const assigners = {
  tumbling: (size: number) => TumblingEventTimeWindows.of(size),
  sliding: (size: number) => SlidingEventTimeWindows.of(size, size / 2),
  session: (gap: number) => EventTimeSessionWindows.withGap(gap),
}
