import { describe, expect, it } from '@jest/globals'
import { concat, defer, firstValueFrom, isObservable, of, timer } from 'rxjs'
import type { ActiveProducer } from '../../lib/client/ActiveProducer.js'
import type { KafkaAdmin } from '../../lib/client/KafkaAdmin.js'
import { KafkaError } from '../../lib/client/KafkaError.js'
import type { Logger } from '../../lib/client/KafkaConfig.js'
import { TopicPartition } from '../../lib/client/TopicPartition.js'
import type { TransactionState } from '../../lib/client/TransactionDescription.js'
import { Fault } from '../../lib/memory/Fault.js'
import type { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import { MemoryMetricGroup } from '../../lib/metrics/MemoryMetricGroup.js'
import { heldBack } from '../../lib/source/reader/heldBack.js'
import { KafkaPartitionSplitState } from '../../lib/source/split/KafkaPartitionSplitState.js'
import { clientOf } from '../golden/replay/onMemory.js'
import { Transactions } from '../golden/replay/Transactions.js'
import { onKafka } from './support/onKafka.js'
import { builderOf, valuesFor } from './support/sourceOf.js'

const recordsOf = (...values: readonly string[]) => values.map((value) => ({ topic: 't', partition: 0, value }))

interface Played {
  /** warnings, with the time in s when they came */
  readonly said: readonly (readonly [number, string])[]
  readonly values: readonly unknown[]
  readonly metrics: MemoryMetricGroup
}

/** A source in virtual time, until then, beside transactions of strangers. */
const play = (
  untilS: number,
  script: (transactions: Transactions, kafka: MemoryKafka, at: (s: number, act: () => void) => void) => void,
  isolationLevel = 'read_committed',
): Played => {
  const said: (readonly [number, string])[] = []
  const values: unknown[] = []
  const metrics = new MemoryMetricGroup()
  onKafka({ t: 1 }, (kafka, scheduler, { flush }) => {
    const silent = () => undefined
    const warn = (message: string) => void said.push([Math.round(scheduler.now() / 1000), message])
    const logger: Logger = { debug: silent, info: silent, error: silent, warn }
    scheduler.maxFrames = untilS * 1000
    script(new Transactions(clientOf(kafka)), kafka, (s, act) => timer(s * 1000, scheduler).subscribe(act))
    const source = builderOf().setLogger(logger).setProperty('isolation.level', isolationLevel).build()
    source.records({ connect: kafka.connect, scheduler, metrics }).subscribe((value) => values.push(value))
    flush()
  })
  return { said, values, metrics }
}

describe('records behind an open transaction', () => {
  it('should be told after half a minute, with whose transaction it is, and when they can be read', () => {
    const { said, values } = play(200, (transactions, kafka, at) => {
      const open$ = concat(
        transactions.write('done', recordsOf('a'), 'commit'),
        transactions.write('payments-0-7', recordsOf('b'), 'open'),
      )
      open$.subscribe({ complete: () => kafka.produce('t', valuesFor(0, 'c', 'd')) })
      at(100, () => transactions.end('payments-0-7', 'commit').subscribe())
    })
    expect(values).toEqual(['a', 'b', 'c', 'd'])
    expect(said).toEqual([
      [
        30,
        expect.stringMatching(
          /^Records lie behind an open transaction for 30 s, and isolation\.level=read_committed does not read them: t-0 from offset 2, 3 offsets\. It is held open by transactional\.id "payments-0-7", producer id \d+ \(epoch 0\)\. They can be read when .*transaction\.timeout\.ms.*kafka-transactions\.sh abort\.$/,
        ),
      ],
      [110, expect.stringMatching(/can be read, after 110 s\.$/)],
    ])
  })

  it('should be told without a name, where the brokers do not give it', () => {
    const { said } = play(60, (transactions, kafka) => {
      const refused = new KafkaError({ _tag: 'Authorization', message: 'no' })
      kafka.inject({ api: 'DescribeProducers' }, Fault.fail(refused))
      transactions.write('x', recordsOf('a'), 'open').subscribe()
    })
    expect(said).toHaveLength(1)
    expect(said[0]![1]).toMatch(/1 offsets\. They can be read when/)
  })

  it('should be told with the producer id, where the transactional id may not be described', () => {
    const { said } = play(60, (transactions, kafka) => {
      const refused = new KafkaError({ _tag: 'Authorization', message: 'no' })
      kafka.inject({ api: 'ListTransactions' }, Fault.fail(refused))
      transactions.write('x', recordsOf('a'), 'open').subscribe()
    })
    expect(said.map(([, message]) => message)).toEqual([
      expect.stringMatching(/It is held open by producer id \d+ \(epoch 0\)\. They/),
    ])
  })

  it('should not be told of transactions that end, one after the other', () => {
    const { said, values } = play(300, (transactions, _, at) => {
      for (let n = 0; n < 10; n++) {
        at(n * 20, () => transactions.write(`x-${n}`, recordsOf(String(n)), 'open').subscribe())
        at(n * 20 + 19, () => transactions.end(`x-${n}`, 'commit').subscribe())
      }
    })
    expect(values).toHaveLength(10)
    expect(said).toEqual([])
  })

  it('should not be told of a reader that reads them, nor of records before the transaction', () => {
    expect(play(60, (t) => t.write('x', recordsOf('a'), 'open').subscribe(), 'read_uncommitted').said).toEqual([])
    const { said, values } = play(25, (transactions, kafka) => {
      kafka.produce('t', valuesFor(0, 'before'))
      transactions.write('x', recordsOf('a'), 'open').subscribe()
    })
    expect(values).toEqual(['before'])
    expect(said).toEqual([])
  })

  it('should be seen as a gauge, where lag is 0', () => {
    const { metrics } = play(20, (transactions, kafka) => {
      transactions
        .write('x', recordsOf('a'), 'open')
        .subscribe({ complete: () => kafka.produce('t', valuesFor(0, 'b', 'c')) })
    })
    expect(metrics.read('operator.source.KafkaSourceReader.topic.t.partition.0.lastStableOffsetLag')).toBe(3)
    expect(metrics.read('operator.source.KafkaSourceReader.KafkaConsumer.topic.t.partition.0.records-lag')).toBe(0)
  })
})

describe('a transaction that its coordinator has ended, and that is open in a partition', () => {
  const state = new KafkaPartitionSplitState({ topicPartition: new TopicPartition('t', 0), startingOffset: 3 })
  state.onLog({ highWatermark: 5, lastStableOffset: 3, logStartOffset: 0 }, 'read_committed', 0)
  const open: ActiveProducer = {
    ...{ producerId: 7n, epoch: 0, lastSequence: 0, lastTimestamp: 0 },
    ...{ coordinatorEpoch: undefined, transactionStartOffset: 3 },
  }

  /** What is said where the coordinator has this state, and producers of the partition are described so, one answer after the other. */
  const saidOf = (transaction: TransactionState, ...answers: readonly (readonly ActiveProducer[])[]) => {
    const left = [...answers]
    const admin: Pick<KafkaAdmin, 'describeProducers' | 'listTransactions'> = {
      describeProducers: () => defer(() => of(new Map([['t-0', left.shift() ?? []]]))),
      listTransactions: () => of([{ transactionalId: 'x', producerId: 7n, state: transaction }]),
    }
    const said = heldBack(
      () => [state],
      () => admin as KafkaAdmin,
    ).message(30_000)
    return firstValueFrom(isObservable(said) ? said : of(said))
  }

  it.each(['CompleteCommit', 'CompleteAbort'] as const)(
    'should be said to hang for good, when it is %s',
    async (ended) => {
      const said = await saidOf(ended, [open], [open])
      expect(said).toContain('It is held open by transactional.id "x", producer id 7 (epoch 0). This does not pass')
      expect(said).toContain(`(transactional.id "x", producer id 7 (epoch 0): ${ended})`)
      expect(said).not.toContain('They can be read when')
    },
  )

  it('should not be, when it ends as it is asked about', async () => {
    const said = await saidOf('CompleteCommit', [open], [{ ...open, transactionStartOffset: undefined }])
    expect(said).toMatch(/2 offsets\. They can be read when that producer commits or aborts/)
  })

  it('should not be, when its producer has begun another one since', async () => {
    const said = await saidOf('CompleteCommit', [open], [{ ...open, transactionStartOffset: 9 }])
    expect(said).toMatch(/2 offsets\. They can be read when that producer commits or aborts/)
  })

  it('should not be, while its markers are being written', async () => {
    const said = await saidOf('PrepareCommit', [open], [open])
    expect(said).toMatch(/producer id 7 \(epoch 0\)\. They can be read when/)
  })
})

describe('an empty partition', () => {
  it('should have a lag of 0, which is known from the first answer on', () => {
    const { metrics } = play(5, () => undefined)
    expect(metrics.read('operator.source.pendingRecords')).toBe(0)
    expect(metrics.read('operator.source.KafkaSourceReader.KafkaConsumer.topic.t.partition.0.records-lag')).toBe(0)
  })
})
