import { describe, expect, it } from '@jest/globals'
import { of, ReplaySubject } from 'rxjs'
import type { CheckpointOutcome } from '../../lib/stream/CheckpointBarrier.js'
import { record } from '../support/elements.js'
import { completed, HandFed } from './HandFed.js'

describe('sinkTo, stopped by the system and woken when a successor works', () => {
  it('should not fence its successor', () => {
    const zombie = new HandFed()
    const { scene } = zombie
    const successor = new HandFed(scene)
    const outcomes = Array.from({ length: 5 }, () => new ReplaySubject<CheckpointOutcome>(1))
    const barrierOf = ({ upstream }: HandFed, id: number) => upstream.barrier(id, undefined, outcomes[id])
    const complete = (id: number) => of(completed(id)).subscribe(outcomes[id])
    scene.play(() => {
      zombie.start()
      zombie.feed(zombie.restored(), record('a'), barrierOf(zombie, 1), record('b'))
      zombie.at(50, () => complete(1))
      // It sleeps from here on. Its successor goes on from checkpoint 1, and comes to the ids that are next for the zombie.
      zombie.at(100, () => {
        successor.start()
        successor.feed(successor.restored(1), record('b'), barrierOf(successor, 2), record('c'))
      })
      zombie.at(150, () => complete(2))
      zombie.at(200, () => successor.feed(barrierOf(successor, 3), record('d')))
      zombie.at(250, () => complete(3))
      zombie.at(300, () => zombie.feed(zombie.upstream.barrier(2)))
      zombie.at(400, () => successor.feed(barrierOf(successor, 4)))
      zombie.at(450, () => complete(4))
    }, 3000)
    expect(scene.errors).toEqual([])
    expect(scene.committed).toEqual(['a', 'b', 'c', 'd'])
  })
})
