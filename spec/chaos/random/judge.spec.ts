import { describe, expect, it } from '@jest/globals'
import { isLeft } from 'fp-ts/lib/Either.js'
import { decodeProducerConfig } from '../../../lib/config/producerConfig.js'
import { AttemptLog } from './AttemptLog.js'
import type { ViolationKind } from './Outcome.js'
import { playScript } from './playScript.js'
import { calm, type Script } from './Script.js'
import type { VirtualProcess } from './VirtualProcess.js'
import type { World } from './World.js'

/** Two records of one partition, and a job that copies them. */
const two: Script = {
  ...calm,
  records: [0, 1].map((n) => ({ at: 50 * n, source: 0, partition: 0, n, key: 'a', time: 100 + n })),
}

const kindsOf = (script: Script, sabotage: (world: World) => void): readonly ViolationKind[] => [
  ...new Set(
    playScript(script, sabotage)
      .violations.map(({ kind }) => kind)
      .filter((kind) => kind !== 'answered early'),
  ),
]

const later = (world: World, act: () => void): void => {
  world.scheduler.schedule(act, 60)
}

/** Another's producer writes to a topic, and leaves its transaction open. */
const leaveOpen = ({ kafka }: World, topic: string): void => {
  const decoded = decodeProducerConfig({
    'bootstrap.servers': 'memory:9092',
    'transaction.timeout.ms': two.transactionTimeout,
  })
  if (isLeft(decoded)) throw new Error('unreachable')
  const { client: config, producer: settings } = decoded.right
  kafka.connect(config).subscribe((client) => {
    const producer = client.transactionalProducer('stranger', settings)
    producer.init().subscribe(() => {
      producer.begin()
      producer.append({ topic, partition: 0, value: Buffer.from('x') })
      producer.flush().subscribe()
    })
  })
}

describe('the judge of scripts', () => {
  it('should find nothing where nothing is wrong', () => {
    expect(kindsOf(two, () => undefined)).toEqual([])
  })

  it('should find what is doubled', () => {
    const writeAgain = (world: World) => world.kafka.produce('out', [{ value: '0:0.0' }])
    expect(kindsOf(two, (world) => later(world, () => writeAgain(world)))).toEqual(['doubled'])
  })

  it('should find what is doubled without a word when checkpoints are lost, unless all that tells of it is lost too', () => {
    const silence = (world: World) => {
      world.warned = () => undefined
    }
    const lost = { ...two, events: [{ at: 210, do: 'empty' } as const] }
    const stop = { at: 215, how: 'unsubscribe', down: 0 } as const
    const again: Script = { ...lost, events: [...lost.events, { ...stop, do: 'stop', exit: 'end' }] }
    const renamed: Script = { ...lost, events: [...lost.events, { ...stop, do: 'rename' }] }
    expect(kindsOf(again, () => undefined)).toEqual([])
    expect(kindsOf(again, silence)).toEqual(['doubled'])
    expect(kindsOf(renamed, silence)).toEqual([])
    // The brokers have forgotten all transactional ids, or not quite.
    const late = (down: number): Script => ({
      ...{ ...lost, idExpiration: 70_000 },
      events: [...lost.events, { ...stop, do: 'stop', exit: 'end', down }],
    })
    expect(kindsOf(late(71_000), silence)).toEqual([])
    expect(kindsOf(late(60_000), silence)).toEqual(['doubled'])
  })

  it('should take doubles for granted at least once', () => {
    const writeAgain = (world: World) => world.kafka.produce('out', [{ value: '0:0.0' }])
    expect(kindsOf({ ...two, guarantee: 'AT_LEAST_ONCE' }, (world) => later(world, () => writeAgain(world)))).toEqual(
      [],
    )
  })

  it('should find what the job should not have written', () => {
    expect(kindsOf(two, ({ kafka }) => kafka.produce('out', [{ value: '0:0.7' }]))).toEqual(['invented'])
  })

  it('should find what is out of order', () => {
    expect(kindsOf(two, ({ kafka }) => kafka.produce('out', [{ value: '0:0.1' }, { value: '0:0.0' }]))).toEqual([
      'doubled',
      'disorder',
    ])
  })

  it('should find what is lost', () => {
    const empty = (world: World) => world.kafka.deleteRecords('out', 0, world.kafka.endOffsets('out')[0]!)
    expect(kindsOf(two, (world) => world.scheduler.schedule(() => empty(world), 120))).toEqual(['lost'])
  })

  it('should find what is lost when checkpoints were put back too, and wait for what an open transaction holds back', () => {
    const windows: Script = { ...two, pipeline: [{ op: 'windows', kind: 'tumbling', size: 10 }] }
    const script: Script = { ...windows, events: [{ at: 20, do: 'restore', ms: 60 }] }
    const emptied = (world: World) => {
      world.emitted = () => world.kafka.deleteRecords('out', 0, world.kafka.endOffsets('out')[0]!)
    }
    expect(kindsOf(script, (world) => leaveOpen(world, 'out'))).toEqual([])
    expect(kindsOf(script, emptied)).toEqual(['lost'])
  })

  it('should find that no restart helps', () => {
    const failing = (world: World) => {
      world.storeFault = () => 'fail'
    }
    expect(kindsOf(two, (world) => later(world, () => failing(world)))).toEqual(['beyond restart', 'open', 'lost'])
  })

  it('should find a transaction that is open at the end', () => {
    expect(kindsOf(two, (world) => leaveOpen(world, 'dead'))).toEqual(['open'])
  })

  it('should tell a retry that takes back what another process has taken over from one that is only the last to try', () => {
    const processes = [false, false, true].map((refused) => ({ part: { refused } }) as unknown as VirtualProcess)
    /** What processes do, one after another: `0 claims 1`, `0 takes 1`, `0 fails`; and whether 1 is superseded by 2 without a right. */
    const usurped = (...story: readonly string[]): boolean => {
      let now = 0
      const log = new AttemptLog(() => now++)
      for (const [who, what, attempt] of story.map((one) => one.split(' '))) {
        const process = processes[Number(who)]!
        if (what === 'fails') log.failed(process)
        else {
          const [key, text] = what === 'claims' ? ['claim', '{}'] : ['verdict', '{"taken":true}']
          log.created(process, `attempt-${attempt}/${key}.json`, text)
        }
      }
      return log.isUsurped('attempt-1 has been superseded by attempt-2 of the same job')
    }
    expect({
      'a new process': usurped('0 claims 1', '0 takes 1', '1 claims 2'),
      'one that is refused': usurped('0 claims 1', '0 takes 1', '2 claims 2'),
      'one that ran before': usurped('1 claims 0', '1 takes 0', '0 claims 1', '0 takes 1', '1 claims 2'),
      'one that gave way to it': usurped('1 claims 0', '0 claims 1', '1 fails', '0 takes 1', '1 claims 2'),
      'one that gave way to another': usurped('1 claims 0', '1 fails', '0 claims 1', '0 takes 1', '1 claims 2'),
      'one that refuses it': usurped('1 claims 0', '0 claims 1', '1 fails', '1 claims 2'),
      'one that retries as it begins': usurped(
        '1 claims 0',
        '1 takes 0',
        '1 fails',
        '0 claims 1',
        '1 claims 2',
        '0 takes 1',
      ),
    }).toEqual({
      'a new process': false,
      'one that is refused': true,
      'one that ran before': true,
      'one that gave way to it': true,
      'one that gave way to another': false,
      'one that refuses it': false,
      'one that retries as it begins': false,
    })
  })
})
