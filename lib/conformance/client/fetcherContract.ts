import { filter, firstValueFrom, lastValueFrom, map, timer } from 'rxjs'
import type { KafkaClient } from '../../client/KafkaClient.js'
import type { FetcherConfig } from '../../client/KafkaConfig.js'
import type { FetchedRecords, FetchFailed } from '../../client/KafkaFetcher.js'
import type { PartitionLog } from '../../client/PartitionLog.js'
import { TopicPartition } from '../../client/TopicPartition.js'
import { type ContractScene, fetcherConfig, producerConfig } from './ContractScene.js'
import { readPartition } from './readPartition.js'
import type { TestFramework } from '../TestFramework.js'

/** Reading: order, positions, isolation, demand. */
export const fetcherContract = (scene: () => ContractScene, { describe, expect, it }: TestFramework): void => {
  const p0 = (): TopicPartition => new TopicPartition(scene().topic, 0)

  it('should read all records in order, as they were written', async () => {
    const client = await scene().clientAndTopic()
    const headers = [
      { key: 'a', value: Buffer.from([1]) },
      { key: 'b', value: null },
      { key: 'a', value: Buffer.from([2, 0]) },
      { key: '', value: Buffer.alloc(0) },
    ]
    await scene().write(client, [
      { partition: 0, key: 'k', value: 'v', timestamp: 1_000_000_000_000, headers },
      { partition: 0, key: null, value: null, timestamp: 999 },
      { partition: 0, key: '', value: '', timestamp: 0 },
      { partition: 0, value: 'grüße' },
    ])
    const before = Date.now()
    const { records } = await readPartition(client, p0(), { to: 4 })
    expect(records.slice(0, 3)).toEqual([
      { offset: 0, timestamp: 1_000_000_000_000, key: 'k', value: 'v', headers },
      { offset: 1, timestamp: 999, key: null, value: null, headers: [] },
      { offset: 2, timestamp: 0, key: '', value: '', headers: [] },
    ])
    expect(records[3]).toMatchObject({ offset: 3, key: null, value: 'grüße' })
    expect(Math.abs((records[3]?.timestamp ?? 0) - before)).toBeLessThan(30_000)
  })

  it('should begin at any offset, within a batch too', async () => {
    const client = await scene().clientAndTopic()
    await scene().write(
      client,
      ['a', 'b', 'c', 'd', 'e', 'f'].map((value) => ({ partition: 0, value })),
    )
    expect((await readPartition(client, p0(), { from: 4, to: 6 })).values).toEqual(['e', 'f'])
  })

  it('should say where a log ends that has nothing to be read, and once', async () => {
    const client = await scene().clientAndTopic()
    const fetcher = client.fetcher(fetcherConfig({ isolationLevel: 'read_committed', maxWaitMs: 50 }))
    const logs: unknown[] = []
    const grown = firstValueFrom(fetcher.logs$.pipe(filter(({ highWatermark }) => highWatermark === 2)))
    fetcher.logs$.subscribe((log) => logs.push(offsetsOf(log)))
    fetcher.assign(p0(), 0)
    fetcher.request(p0())
    await firstValueFrom(fetcher.logs$)
    const producer = await scene().openTransaction(client, ['held', 'back'])
    expect(offsetsOf(await grown)).toEqual(`${String(p0())}: 0 0 2`)
    expect(logs[0]).toEqual(`${String(p0())}: 0 0 0`)
    expect(logs.length).toBe(new Set(logs).size)
    fetcher.close()
    await lastValueFrom(producer.abort())
  })

  it('should hand out a fetch piece by piece, each with its position', async () => {
    const client = await scene().clientAndTopic()
    await scene().write(
      client,
      ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((value) => ({ partition: 0, value })),
      producerConfig({ lingerMs: 50 }),
    )
    const fetched = await fetchOnce(client, p0(), 0)
    expect(fetched.exhausted).toBe(false)
    const steps: unknown[] = []
    while (!fetched.exhausted) {
      const taken = fetched.take(3).map(({ value }) => value?.toString())
      steps.push([taken, fetched.position])
    }
    expect(steps).toEqual([
      [['a', 'b', 'c'], 3],
      [['d', 'e', 'f'], 6],
      [['g'], 7],
    ])
    expect(fetched.take(3)).toEqual([])
    expect(fetched.position).toBe(7)
  })

  it('should tell the ends of the log', async () => {
    const client = await scene().clientAndTopic()
    await scene().write(client, [{ partition: 0, value: 'a' }])
    const producer = await scene().openTransaction(client, ['b', 'c'])
    const fetched = await fetchOnce(client, p0(), 0)
    expect(fetched).toMatchObject({ highWatermark: 3, lastStableOffset: 1, logStartOffset: 0 })
    expect(fetched.bytes).toBeGreaterThan(0)
    await lastValueFrom(producer.abort())
  })

  it('should keep to max.partition.fetch.bytes, but for a first batch that is larger', async () => {
    const client = await scene().clientAndTopic()
    const value = 'x'.repeat(1000)
    const oneBatchEach = producerConfig({ batchSize: 1 })
    await scene().write(
      client,
      Array.from({ length: 6 }, () => ({ partition: 0, value })),
      oneBatchEach,
    )
    const pairs = await readPartition(client, p0(), { to: 6, maxPartitionBytes: 2500 })
    expect(pairs.values.length).toBe(6)
    expect(pairs.fetches).toBeGreaterThanOrEqual(3)
    expect(pairs.largestFetch).toBeLessThanOrEqual(2500)
    const singles = await readPartition(client, p0(), { to: 6, maxPartitionBytes: 10 })
    expect(singles.values.length).toBe(6)
    expect(singles.fetches).toBe(6)
  })

  it('should read several partitions', async () => {
    const client = await scene().clientAndTopic(3)
    const partitions = [0, 1, 2].map((partition) => new TopicPartition(scene().topic, partition))
    await scene().write(
      client,
      partitions.map(({ partition }) => ({ partition, value: `v${partition}` })),
    )
    const fetcher = client.fetcher(fetcherConfig())
    const values: Record<number, unknown> = {}
    const all = new Promise<void>((resolve) => {
      fetcher.fetched$.subscribe((fetched) => {
        if (fetched._tag !== 'Fetched') return
        values[fetched.topicPartition.partition] = fetched.take(10).map(({ value }) => value?.toString())
        if (Object.keys(values).length === 3) resolve()
      })
    })
    for (const partition of partitions) {
      fetcher.assign(partition, 0)
      fetcher.request(partition)
    }
    await all
    expect(values).toEqual({ 0: ['v0'], 1: ['v1'], 2: ['v2'] })
  })

  describe('demand', () => {
    it('should answer each request exactly once, and nothing without one', async () => {
      const client = await scene().clientAndTopic()
      await scene().write(client, [{ partition: 0, value: 'a' }])
      const fetcher = client.fetcher(fetcherConfig({ maxWaitMs: 20 }))
      const answers: (FetchedRecords | FetchFailed)[] = []
      fetcher.fetched$.subscribe((answer) => answers.push(answer))
      fetcher.assign(p0(), 0)
      await lastValueFrom(timer(100))
      expect(answers.length).toBe(0)
      const first = firstValueFrom(fetcher.fetched$)
      fetcher.request(p0())
      fetcher.request(p0())
      await first
      await scene().write(client, [{ partition: 0, value: 'b' }])
      await lastValueFrom(timer(100))
      expect(answers.length).toBe(1)
      const second = firstValueFrom(fetcher.fetched$)
      fetcher.request(p0())
      expect(((await second) as FetchedRecords).take(9).map(({ offset }) => offset)).toEqual([1])
    })

    it('should wait for data, and answer soon after it comes', async () => {
      const client = await scene().clientAndTopic()
      const fetcher = client.fetcher(fetcherConfig({ maxWaitMs: 50 }))
      const answers: unknown[] = []
      fetcher.fetched$.subscribe((answer) => answers.push(answer))
      fetcher.assign(p0(), 0)
      fetcher.request(p0())
      await lastValueFrom(timer(200))
      expect(answers).toEqual([])
      const answer = firstValueFrom(fetcher.fetched$)
      await scene().write(client, [{ partition: 0, value: 'late' }])
      expect(valuesOf(await answer)).toEqual(['late'])
    })

    it('should keep the next fetch in flight while one is being taken', async () => {
      const client = await scene().clientAndTopic()
      const oneBatchEach = producerConfig({ batchSize: 1 })
      await scene().write(
        client,
        ['a', 'b'].map((value) => ({ partition: 0, value })),
        oneBatchEach,
      )
      const fetcher = client.fetcher(fetcherConfig({ maxPartitionBytes: 10 }))
      const answers: FetchedRecords[] = []
      const both = new Promise<void>((resolve) => {
        fetcher.fetched$.subscribe((answer) => {
          answers.push(answer as FetchedRecords)
          if (answers.length === 1) fetcher.request(p0())
          else resolve()
        })
      })
      fetcher.assign(p0(), 0)
      fetcher.request(p0())
      await both
      expect(answers.map(valuesOf)).toEqual([['a'], ['b']])
    })

    it('should drop what is in flight when assigned again', async () => {
      const client = await scene().clientAndTopic()
      await scene().write(
        client,
        ['a', 'b', 'c'].map((value) => ({ partition: 0, value })),
      )
      const fetcher = client.fetcher(fetcherConfig())
      const answers: FetchedRecords[] = []
      fetcher.fetched$.subscribe((answer) => answers.push(answer as FetchedRecords))
      fetcher.assign(p0(), 0)
      fetcher.request(p0())
      fetcher.assign(p0(), 2)
      await lastValueFrom(timer(100))
      expect(answers).toEqual([])
      const answer = firstValueFrom(fetcher.fetched$)
      fetcher.request(p0())
      expect(valuesOf(await answer)).toEqual(['c'])
    })

    it('should answer no more for a partition that is not assigned any more', async () => {
      const client = await scene().clientAndTopic()
      await scene().write(client, [{ partition: 0, value: 'a' }])
      const fetcher = client.fetcher(fetcherConfig({ maxWaitMs: 20 }))
      const answers: unknown[] = []
      fetcher.fetched$.subscribe((answer) => answers.push(answer))
      fetcher.assign(p0(), 0)
      fetcher.request(p0())
      fetcher.unassign(p0())
      fetcher.request(p0())
      await lastValueFrom(timer(150))
      expect(answers).toEqual([])
    })
  })

  it('should fail with OffsetOutOfRange beyond the end, and go on when assigned elsewhere', async () => {
    const client = await scene().clientAndTopic()
    await scene().write(client, [{ partition: 0, value: 'a' }])
    const fetcher = client.fetcher(fetcherConfig())
    const failed = firstValueFrom(fetcher.fetched$)
    fetcher.assign(p0(), 5)
    fetcher.request(p0())
    expect(await failed).toMatchObject({
      _tag: 'FetchFailed',
      topicPartition: { topic: scene().topic, partition: 0 },
      error: { _tag: 'OffsetOutOfRange', topic: scene().topic, partition: 0, offset: 5, retriable: false },
    })
    const answer = firstValueFrom(fetcher.fetched$)
    fetcher.assign(p0(), 0)
    fetcher.request(p0())
    expect(valuesOf(await answer)).toEqual(['a'])
  })

  it('should tell which log it reads, and not read another topic of its name for it', async () => {
    const { topic } = scene()
    const client = await scene().clientAndTopic()
    await scene().write(client, [
      { partition: 0, value: 'a' },
      { partition: 0, value: 'b' },
    ])
    const [described] = await lastValueFrom(client.admin.describeTopics([topic]))
    const fetched = await fetchOnce(client, p0(), 0)
    fetched.take(2)
    expect(fetched).toMatchObject({ topicId: described?.topicId, leaderEpoch: 0 })
    expect(described?.topicId?.length).toBe(22)

    await lastValueFrom(client.admin.deleteTopics([topic]))
    await lastValueFrom(client.admin.createTopics([{ topic, partitions: 1 }]))
    await scene().write(
      client,
      ['c', 'd', 'e'].map((value) => ({ partition: 0, value })),
    )
    const fetcher = client.fetcher(fetcherConfig())
    const answer = firstValueFrom(fetcher.fetched$)
    fetcher.assign(p0(), 1, { topicId: described?.topicId })
    fetcher.request(p0())
    expect(await answer).toMatchObject({
      _tag: 'FetchFailed',
      error: { _tag: 'TopicRecreated', topic, partition: 0, offset: 1, retriable: false },
    })
    expect(valuesOf(await fetchOnce(client, p0(), 0))).toEqual(['c', 'd', 'e'])
  })

  it('should report a partition that is gone for request.timeout.ms, and again when it is asked again', async () => {
    const { topic } = scene()
    const { admin } = await scene().clientAndTopic()
    await lastValueFrom(admin.deleteTopics([topic]))
    const client = await scene().client({ requestTimeoutMs: 500 })
    const fetcher = client.fetcher(fetcherConfig())
    fetcher.assign(p0(), 0)
    for (let asked = 0; asked < 2; asked++) {
      const askedAt = Date.now()
      const answer = firstValueFrom(fetcher.fetched$)
      fetcher.request(p0())
      expect(await answer).toMatchObject({
        _tag: 'FetchFailed',
        topicPartition: { topic, partition: 0 },
        error: { code: 3, retriable: true },
      })
      expect(Date.now() - askedAt).toBeGreaterThanOrEqual(500)
    }
  })

  it('should wait at the end of the log, which is not out of range', async () => {
    const client = await scene().clientAndTopic()
    await scene().write(client, [{ partition: 0, value: 'a' }])
    const fetcher = client.fetcher(fetcherConfig({ maxWaitMs: 20 }))
    const answer = firstValueFrom(fetcher.fetched$)
    fetcher.assign(p0(), 1)
    fetcher.request(p0())
    await lastValueFrom(timer(100))
    await scene().write(client, [{ partition: 0, value: 'b' }])
    expect(valuesOf(await answer)).toEqual(['b'])
  })

  describe('isolation', () => {
    const committed = { isolationLevel: 'read_committed' } as const

    it('should pass the marker at the end of a transaction, in both isolation levels', async () => {
      const client = await scene().clientAndTopic()
      const producer = await scene().openTransaction(client, ['a', 'b'])
      await lastValueFrom(producer.commit())
      for (const isolationLevel of ['read_committed', 'read_uncommitted'] as const) {
        const { records, positions } = await readPartition(client, p0(), { to: 3, isolationLevel })
        expect(records.map(({ offset, value }) => [offset, value])).toEqual([
          [0, 'a'],
          [1, 'b'],
        ])
        expect(positions.at(-1)).toBe(3)
      }
    })

    it('should move the position over a fetch of markers only', async () => {
      const client = await scene().clientAndTopic()
      const producer = await scene().openTransaction(client, ['a'])
      await lastValueFrom(producer.commit())
      const fetched = await fetchOnce(client, p0(), 1, committed)
      expect(fetched.take(5)).toEqual([])
      expect(fetched.exhausted).toBe(true)
      expect(fetched.position).toBe(2)
    })

    it('should hide aborted records from read_committed only', async () => {
      const client = await scene().clientAndTopic()
      const producer = await scene().openTransaction(client, ['a', 'b'])
      await lastValueFrom(producer.abort())
      await scene().write(client, [{ partition: 0, value: 'c' }])
      expect((await readPartition(client, p0(), { to: 4, ...committed })).values).toEqual(['c'])
      expect((await readPartition(client, p0(), { to: 4 })).values).toEqual(['a', 'b', 'c'])
    })

    it('should hold read_committed back at an open transaction, and go on when it ends', async () => {
      const client = await scene().clientAndTopic()
      await scene().write(client, [{ partition: 0, value: 'a' }])
      const producer = await scene().openTransaction(client, ['b'])
      await scene().write(client, [{ partition: 0, value: 'c' }])
      expect((await readPartition(client, p0(), { to: 3 })).values).toEqual(['a', 'b', 'c'])
      const fetched = await fetchOnce(client, p0(), 0, committed)
      expect(valuesOf(fetched)).toEqual(['a'])
      expect(fetched.position).toBe(1)
      const fetcher = client.fetcher(fetcherConfig({ ...committed, maxWaitMs: 20 }))
      const answers: unknown[] = []
      fetcher.fetched$.subscribe((answer) => answers.push(answer))
      fetcher.assign(p0(), 1)
      fetcher.request(p0())
      await lastValueFrom(timer(100))
      expect(answers).toEqual([])
      const rest = readPartition(client, p0(), { from: 1, to: 4, ...committed })
      await lastValueFrom(producer.commit())
      expect((await rest).values).toEqual(['b', 'c'])
    })

    it('should keep apart the transactions of several producers that interleave, whatever end each has', async () => {
      const client = await scene().clientAndTopic()
      const id = scene().transactionalId
      const first = await scene().openTransaction(client, ['1a'], `${id}-1`)
      const second = await scene().openTransaction(client, ['2a'], `${id}-2`)
      const third = await scene().openTransaction(client, ['3a'], `${id}-3`)
      await scene().append(first, ['1b'])
      await scene().append(third, ['3b'])
      await lastValueFrom(second.abort())
      await scene().append(first, ['1c'])
      await lastValueFrom(third.commit())
      await lastValueFrom(first.abort())
      await scene().write(client, [{ partition: 0, value: 'plain' }])
      const to = 10
      expect((await readPartition(client, p0(), { to, ...committed })).values).toEqual(['3a', '3b', 'plain'])
      // From the middle of all of them, where the broker lists transactions that began before.
      expect((await readPartition(client, p0(), { from: 3, to, ...committed })).values).toEqual(['3b', 'plain'])
      expect((await readPartition(client, p0(), { to })).values).toEqual(['1a', '2a', '3a', '1b', '3b', '1c', 'plain'])
    })

    it('should hide two aborted transactions of one producer, and show those between and after', async () => {
      const client = await scene().clientAndTopic()
      const producer = await scene().openTransaction(client, ['x'])
      await lastValueFrom(producer.abort())
      producer.begin()
      await scene().append(producer, ['a'])
      await lastValueFrom(producer.commit())
      producer.begin()
      await scene().append(producer, ['y'])
      await lastValueFrom(producer.abort())
      producer.begin()
      await scene().append(producer, ['b'])
      await lastValueFrom(producer.commit())
      expect((await readPartition(client, p0(), { to: 8, ...committed })).values).toEqual(['a', 'b'])
    })

    it('should not take a record whose key is four bytes of zero for an abort marker', async () => {
      const client = await scene().clientAndTopic()
      const { topic } = scene()
      const producer = await scene().openTransaction(client, [])
      const key = Buffer.alloc(4)
      await scene().append(producer, [{ topic, partition: 0, key, value: 'a' }, 'b'])
      await lastValueFrom(producer.abort())
      producer.begin()
      await scene().append(producer, [{ topic, partition: 0, key, value: 'c' }, 'd'])
      await lastValueFrom(producer.commit())
      expect((await readPartition(client, p0(), { to: 6, ...committed })).values).toEqual(['c', 'd'])
    })
  })
}

const fetchOnce = (
  client: KafkaClient,
  topicPartition: TopicPartition,
  offset: number,
  config: Partial<FetcherConfig> = {},
): Promise<FetchedRecords> => {
  const fetcher = client.fetcher(fetcherConfig(config))
  const fetched = firstValueFrom(
    fetcher.fetched$.pipe(
      map((answer) => {
        if (answer._tag === 'FetchFailed') throw answer.error
        return answer
      }),
      filter((answer) => answer.topicPartition.partition === topicPartition.partition),
    ),
  )
  fetcher.assign(topicPartition, offset)
  fetcher.request(topicPartition)
  return fetched
}

const valuesOf = (answer: FetchedRecords | FetchFailed): (string | undefined)[] => {
  if (answer._tag === 'FetchFailed') throw answer.error
  return answer.take(1000).map(({ value }) => value?.toString())
}

const offsetsOf = ({ topicPartition, logStartOffset, lastStableOffset, highWatermark }: PartitionLog): string =>
  `${String(topicPartition)}: ${logStartOffset} ${lastStableOffset} ${highWatermark}`
