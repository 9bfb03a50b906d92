import { describe, expect, it } from '@jest/globals'
import { EMPTY, Subject, Subscription } from 'rxjs'
import type { CheckpointRequest, SourceAttempt } from '../../lib/checkpoint/SourceAttempt.js'
import { TopicPartition } from '../../lib/client/TopicPartition.js'
import type { KafkaSourceState } from '../../lib/source/enumerator/KafkaSourceEnumState.js'
import { SourceBarriers } from '../../lib/source/reader/SourceBarriers.js'
import type { CheckpointBarrier, CheckpointOutcome } from '../../lib/stream/CheckpointBarrier.js'

const standingAt = (startingOffset: number): KafkaSourceState => ({
  subtask: { subtaskIndex: 0, parallelism: 1 },
  topics: new Map([['t', 1]]),
  splits: [{ topicPartition: new TopicPartition('t', 0), startingOffset }],
  initialDiscoveryFinished: true,
})

const completed: CheckpointOutcome = { _tag: 'completed', checkpointId: 3, markCommitted: () => EMPTY }
const aborted: CheckpointOutcome = { _tag: 'aborted', checkpointId: 3, reason: 'a time-out' }

/** A source between a coordinator and an output, which log what they get. */
const start = (checkpointed = true) => {
  const log: string[] = []
  const outcome$ = new Subject<CheckpointOutcome>()
  const work = new Subscription()
  const requests: CheckpointRequest[] = []
  const splits = { state: standingAt(7) }
  const attempt: Pick<SourceAttempt, 'pending' | 'barriers'> = {
    pending: () => requests[0],
    barriers: ({ checkpointId }, state, parts) => {
      log.push(`${checkpointId}: ${parts} barriers, ${/"offset":\d+/.exec(JSON.stringify(state))![0]}`)
      return [{ checkpointId, outcome$ } as unknown as CheckpointBarrier]
    },
  }
  const barriers = new SourceBarriers({
    attempt: checkpointed ? (attempt as SourceAttempt) : undefined,
    splits,
    commits: { commit: (positions) => log.push(`commit ${positions.map(([, offset]) => offset).join(' ')}`) },
    output: {
      parts: () => 2,
      barrier: () => {
        log.push('sent')
        outcome$.subscribe(({ _tag }) => log.push(`sink hears: ${_tag}`))
      },
    },
    work,
    onLast: () => log.push('last'),
  })
  return { log, outcome$, work, requests, splits, barriers }
}

describe('SourceBarriers', () => {
  it('should hand on what the coordinator asks for', () => {
    const { barriers, requests } = start()
    expect(barriers.pending()).toBeUndefined()
    requests.push({ checkpointId: 3 })
    expect(barriers.pending()).toEqual({ checkpointId: 3 })
  })

  it('should commit the positions of the barrier, not those of its outcome, behind the sink', () => {
    const { barriers, log, outcome$, splits } = start()
    barriers.send({ checkpointId: 3 })
    splits.state = standingAt(9)
    outcome$.next(completed)
    expect(log).toEqual(['3: 2 barriers, "offset":7', 'sent', 'sink hears: completed', 'commit 7'])
  })

  it('should end with the last one when it is complete, and wait for another when it is aborted', () => {
    const { barriers, log, outcome$ } = start()
    barriers.send({ checkpointId: 3, end: 'drain' })
    outcome$.next(aborted)
    expect(log.slice(2)).toEqual(['sink hears: aborted'])
    outcome$.next(completed)
    expect(log.slice(3)).toEqual(['sink hears: completed', 'commit 7', 'last'])
  })

  it('should hear of no outcome when the source has gone', () => {
    const { barriers, log, outcome$, work } = start()
    barriers.send({ checkpointId: 3, end: 'finished' })
    work.unsubscribe()
    outcome$.next(completed)
    expect(log.slice(2)).toEqual(['sink hears: completed'])
  })

  it('should have nothing to answer without checkpoints', () => {
    const { barriers, log } = start(false)
    expect(barriers.pending()).toBeUndefined()
    barriers.send({ checkpointId: 3 })
    expect(log).toEqual([])
  })
})
