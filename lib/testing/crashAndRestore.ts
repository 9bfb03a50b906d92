import { Observable } from 'rxjs'
import type { KafkaScene } from './KafkaScene.js'

/**
 * What a pipeline emits in all its lives: at each emission of `crashes` its process dies and the next one starts. Completes and fails
 * with the life that does.
 */
export function crashAndRestore<T>(
  scene: KafkaScene,
  start: () => Observable<T>,
  crashes: Observable<unknown>,
): Observable<T> {
  return new Observable((destination) => {
    const live = () => {
      const life = start().subscribe({
        next: (value) => destination.next(value),
        error: (error: unknown) => destination.error(error),
        complete: () => destination.complete(),
      })
      destination.add(life)
      return life
    }
    let life = live()
    destination.add(
      crashes.subscribe(() => {
        scene.kill(life)
        life = live()
      }),
    )
  })
}
