import { map, merge, Subject } from 'rxjs'
import type { Observable, Subscription } from 'rxjs'
import { KafkaScene } from './KafkaScene.js'
import type { SceneHelpers, SceneOptions } from './KafkaScene.js'

/** Where a process is killed: at its n-th step, from 0 on, or at the start of a frame. */
export type CrashPoint = { readonly step: number } | { readonly frame: number }

/** Something that a job did, by which one moment can be told from another. */
export interface Step {
  readonly frame: number
  /** `before EndTxn`, `after storing the checkpoint`, `emission committed` */
  readonly what: string
}

/** How a run of a job went. */
export interface PlayedJob {
  readonly scene: KafkaScene
  readonly steps: readonly Step[]
  readonly end: { readonly _tag: 'running' | 'completed' } | { readonly _tag: 'failed'; readonly error: unknown }
}

/** Runs a job to the end of the run; kills its first process at `point`, and starts the next. */
export function playProcesses(
  options: SceneOptions,
  scenario: (helpers: SceneHelpers) => () => Observable<unknown>,
  point?: CrashPoint,
): PlayedJob {
  const scene = new KafkaScene(options)
  const steps: Step[] = []
  let end: PlayedJob['end'] = { _tag: 'running' }

  scene.play((helpers) => {
    const start = scenario(helpers)
    const emissions = new Subject<string>()
    let alive: object
    let life: Subscription

    const live = (): void => {
      const self = (alive = {})
      // What a process that is dying still says is not heard.
      const whileAlive = (say: () => void): void => {
        if (alive === self) say()
      }
      life = start().subscribe({
        next: (value) => whileAlive(() => emissions.next(`emission ${kindOf(value)}`)),
        error: (error: unknown) => whileAlive(() => (end = { _tag: 'failed', error })),
        complete: () => whileAlive(() => (end = { _tag: 'completed' })),
      })
      scene.untilTheEnd(life)
    }
    const die = (): void => {
      alive = {}
      scene.cut()
    }
    const restart = (): void => {
      die()
      scene.kill(life)
      live()
    }

    const what$ = merge(
      scene.kafka.calls$.pipe(map(({ api, moment }) => `${moment} ${api}`)),
      scene.store.steps$,
      emissions,
    )
    scene.untilTheEnd(
      what$.subscribe((what) => {
        steps.push({ frame: scene.scheduler.frame, what })
        if (point === undefined || !('step' in point) || steps.length !== point.step + 1) return
        die()
        // A turn later: a dying process does not unsubscribe in the middle of a call of its own.
        scene.scheduler.schedule(restart)
      }),
    )
    if (point !== undefined && 'frame' in point) scene.scheduler.schedule(restart, point.frame)
    live()
  })
  return { scene, steps, end }
}

const kindOf = (value: unknown): string =>
  typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string'
    ? value.kind
    : 'of a value'
